"""What readers of log formats share: lines, wrappings, rows, and the account of every record."""
