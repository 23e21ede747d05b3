"""Readers: one file a format, found by being here."""
