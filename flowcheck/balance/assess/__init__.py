"""Whether counts differ from what was expected by more than chance, and how surely."""
