"""Logs that a mapping tells how to read: any, with one that a person wrote, and some with one of ours.

``rules``: what a mapping says; ``forms``: logs as blocks of columns; ``columns``: these as canonical ones;
``reading``: all of it, one after the other. What is too odd for a mapping stands in code beside it.
"""
