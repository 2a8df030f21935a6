"""The log formats, written out: flows.logs says what a format is, docs/formats.md what each can tell.

Canonical Parquet (``parquet``) is none of them: it is what the others become.
"""

from __future__ import annotations

from flowcheck.flows.formats import hubble
from flowcheck.flows.logs.form import Format

FORMATS: tuple[Format, ...] = (hubble.FORMAT, hubble.AKS)
"""In the order in which help lists them."""
