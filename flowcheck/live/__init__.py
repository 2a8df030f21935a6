"""A cluster as its API server tells it: what is there, and what changes."""
