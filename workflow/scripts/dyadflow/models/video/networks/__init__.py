"""The video networks that a study can name: one file each."""
