"""All tables in; one self-contained page out."""
