"""The isolated workloads as CSV: one row for each, and whether either holds of it."""

from __future__ import annotations

from typing import TextIO

from flowcheck.reach.matrix import Isolated
from flowcheck.reports.parts.csv import write_rows

COLUMNS = ("workload", "nobody_may_reach", "may_reach_nobody")


def render(isolated: Isolated, stream: TextIO) -> None:
    """Write the rows."""
    names = sorted({*isolated.unreachable, *isolated.reaching_nobody})
    rows = ((name, name in isolated.unreachable, name in isolated.reaching_nobody) for name in names)
    write_rows(stream, COLUMNS, rows)
