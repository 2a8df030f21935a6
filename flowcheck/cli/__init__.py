"""The command line: one file per command, the error boundary in ``main``."""
