"""Question banks: their file formats, how each row is judged, and what an exam may draw."""
