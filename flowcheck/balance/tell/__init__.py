"""The answer as records and tables."""
