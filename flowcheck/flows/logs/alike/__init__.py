"""Logs of which most records are like an earlier one: what of them is the same is read and kept once."""
