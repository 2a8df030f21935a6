"""The canonical columns: what they are called, of which types they are, and their values as numbers."""
