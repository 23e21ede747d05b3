"""The figures of a paper, one module each, as PDF and SVG."""
