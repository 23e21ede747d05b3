"""The doctor: what is wrong with coding files, seen alone, beside their recording, and beside one another."""
