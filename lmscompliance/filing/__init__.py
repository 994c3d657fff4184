"""Filing a class: prefilled forms, stamped documents, what the enterprise declares, the pack."""
