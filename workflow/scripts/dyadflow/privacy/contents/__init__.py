"""What is inside a file: its texts with their places, and the pictures and sound it holds; one module a kind."""
