"""Faces blurred in what shows persons: found by a detector, blurred past recognition, and everything where in doubt."""
