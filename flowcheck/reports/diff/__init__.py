"""Which recorded flows other policies would stop, or let through."""
