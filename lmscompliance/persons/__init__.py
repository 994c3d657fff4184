"""One person across all classes and rooms: records that are united, and what is held about somebody."""
