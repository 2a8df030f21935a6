"""How fast logs are read, beside others: records a second on one core. ``__main__`` says how it is run."""
