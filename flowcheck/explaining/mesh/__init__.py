"""A mesh's side of a connection explained: what stands before the destination, and what it asks."""
