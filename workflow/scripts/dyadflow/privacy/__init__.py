"""What may leave the lab: a check of results, copies to share, faces blurred in what shows persons."""
