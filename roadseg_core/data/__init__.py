"""Data sets: labelled camera frames, read from disk in their published layouts."""
