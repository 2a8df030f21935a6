"""Holding policies against one side of a flow: whom they mean, which ports, and what is asked when."""
