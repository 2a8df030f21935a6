"""What share of a Service's connections each of its endpoints should have had, and when."""
