"""The version, in a file that imports nothing."""

from pathlib import Path

__version__ = "0.1.0"

PACKAGE = Path(__file__).parent
"""The folder of flowcheck's own sources."""
