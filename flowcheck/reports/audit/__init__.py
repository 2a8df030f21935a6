"""The report of an audit, one medium a file."""
