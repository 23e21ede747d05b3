"""Which dyad is held out when: outer and inner folds as a table."""
