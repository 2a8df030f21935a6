"""How evenly each Service carried its load, as records and tables."""
