"""The plan room by room: for a job's wildcards, which inputs it has and which settings concern it."""
