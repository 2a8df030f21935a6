"""A mesh's layer: its policies compiled once for each circumstance that they tell apart."""
