"""Everything fitted: projections, scalers, searched and trained classifiers, their held-out probabilities."""
