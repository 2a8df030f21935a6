"""What a mapping says, and how its text is read."""
