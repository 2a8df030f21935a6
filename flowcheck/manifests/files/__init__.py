"""Paths to bytes: which files there are, unpacked, as text or with a word why not."""
