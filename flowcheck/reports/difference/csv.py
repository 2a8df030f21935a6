"""What changed between two clusters, as CSV: one row for each change. Text that a spreadsheet would run as a
formula is prefixed with ``'``."""

from __future__ import annotations

from typing import TextIO

from flowcheck.reach.compared import Difference
from flowcheck.reports.parts.csv import write_rows

COLUMNS = ("src", "dst", "kind", "before", "after", "ports", "reasons")


def render(found: Difference, stream: TextIO) -> None:
    """Write the rows."""
    rows = (
        (one.source, one.destination, one.kind, one.before, one.after, one.ports, one.reasons)
        for one in found.changes
    )
    write_rows(stream, COLUMNS, rows)
