"""A batch of flows in, verdicts out."""
