"""Probabilities and labels in; metrics with dyad-level intervals, baselines, comparisons out."""
