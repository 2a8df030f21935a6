"""Who may reach whom, in each medium."""
