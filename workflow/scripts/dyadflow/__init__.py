"""dyadflow: from recordings and coding files of caregiver-infant sessions to believable models.

One folder a room; data flows from `provenance` and `media` to `report`, and imports point one way.
"""

__version__ = "0.1.0"
