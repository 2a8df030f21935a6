"""Holding policies against one side of a flow: who is meant, at which ports, and what is asked in which order."""
