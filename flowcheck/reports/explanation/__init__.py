"""The report of an explanation, one medium a file."""
