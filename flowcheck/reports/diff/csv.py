"""The changes as CSV, one per row. Lists are joined with ``; ``. Text that a spreadsheet would run as a
formula is prefixed with ``'``."""

from __future__ import annotations

from typing import TextIO

from flowcheck.reports.parts.csv import Cell, write_rows
from flowcheck.results.diff.result import DiffResult
from flowcheck.results.records.diff import Change

COLUMNS = (
    *("kind", "source", "destination", "source_after", "destination_after"),
    *("port", "ports", "n_ports", "protocol", "observed"),
    *("before_verdict", "before_reason", "before_direction", "before_policies", "before_policy_sources"),
    *("after_verdict", "after_reason", "after_direction", "after_policies", "after_policy_sources"),
    *("records", "flows", "bytes", "first_seen", "last_seen"),
    *("example_file", "example_row", "example_src", "example_dst", "example_src_ip", "example_dst_ip"),
)
_PARTS = ("before", "after", "example")


def render(result: DiffResult, stream: TextIO) -> None:
    write_rows(stream, COLUMNS, ([_cell(change, name) for name in COLUMNS] for change in result.changes))


def _cell(change: Change, column: str) -> Cell:
    part, _, name = column.partition("_")
    value: Cell = getattr(getattr(change, part), name) if part in _PARTS else getattr(change, column)
    return value
