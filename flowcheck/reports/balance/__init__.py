"""The report of Service load, one medium a file."""
