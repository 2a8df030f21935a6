"""What the reports of all subjects are made of."""
