"""How fast logs are read, beside others: records a second on one core, in processor time. __main__ says how.
