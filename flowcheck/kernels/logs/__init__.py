"""What readers of logs with millions of records settle by loops over arrays."""
