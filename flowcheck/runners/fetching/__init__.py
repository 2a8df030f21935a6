"""From object stores to workers."""
