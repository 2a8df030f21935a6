"""Columns as they were found -> canonical columns."""
