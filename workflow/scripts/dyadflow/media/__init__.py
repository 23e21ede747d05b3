"""Recordings in; views, 16 kHz mono audio and a probe of the source out; frames and samples read in order."""
