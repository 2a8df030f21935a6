"""What would be decided without a rule."""
