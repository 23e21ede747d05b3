"""Trained cells and new sessions in; segments with confidence, written for review, out."""
