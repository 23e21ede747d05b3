"""A seed in; recordings and coding files with known truth out."""
