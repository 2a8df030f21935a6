"""Records as columns, where there are millions of them."""
