"""The names of the log formats, for a command line that does not read any yet."""

from __future__ import annotations

AUTO, CANONICAL = "auto", "canonical"
FORMAT_NAMES = ("hubble", "calico", "goldmane", "calico-packets")
"""In the order of :data:`flowcheck.flows.formats.FORMATS`."""
UNITS = ("s", "ms", "us", "ns")
