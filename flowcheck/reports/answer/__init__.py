"""The answer to a question in SQL, one medium a file."""
