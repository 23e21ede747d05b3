"""Detectors of faces, one module each; the next one is one new file and one line in `registry`."""
