"""A simulated day of a cluster whose addresses change hands, and how an audit of it does."""
