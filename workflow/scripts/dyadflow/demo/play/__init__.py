"""A seed in; recordings and coding files of guided play with known truth out."""
