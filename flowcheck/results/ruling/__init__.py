"""What rules are worth: the algebra of policies, and what a log says of them, put together."""
