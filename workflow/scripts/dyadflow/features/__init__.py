"""Views and audio in; streams out: what a backbone alone gives, one row a video frame."""
