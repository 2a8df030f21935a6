"""What --from takes beside the names of formats, and what --time-unit takes: words that read no log yet."""

from __future__ import annotations

AUTO, CANONICAL = "auto", "canonical"
UNITS = ("s", "ms", "us", "ns")
