"""What comes of lists of rows: vectors of decisions, and what would come of them without a rule."""
