"""What one cluster allows and another does not."""
