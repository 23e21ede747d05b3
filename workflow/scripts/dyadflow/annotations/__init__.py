"""Coding files in, whatever tool they come from; one table of segments, issues, merged frame labels out."""
