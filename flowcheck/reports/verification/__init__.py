"""The report of a result that was read again, one medium a file."""
