"""What rules are worth, in each medium."""
