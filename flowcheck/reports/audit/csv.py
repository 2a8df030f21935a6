"""The CSV report: one finding per row, for spreadsheets.

Lists are joined with ``; ``. Text that a spreadsheet would run as a formula is prefixed with ``'``.
"""

from __future__ import annotations

from typing import TextIO

from flowcheck.reports.parts.csv import Cell, write_rows
from flowcheck.results.audit import AuditResult
from flowcheck.results.records.findings import Finding

COLUMNS = (
    "fingerprint",
    "kind",
    "direction",
    "source",
    "destination",
    "port",
    "protocol",
    "observed",
    "policies",
    "policy_sources",
    "records",
    "flows",
    "bytes",
    "first_seen",
    "last_seen",
    "example_file",
    "example_row",
    "example_src",
    "example_dst",
    "example_src_ip",
    "example_dst_ip",
    "ports",
    "n_ports",
    "suppressed",
    "suppressed_because",
)


def render(result: AuditResult, stream: TextIO) -> None:
    write_rows(stream, COLUMNS, ([_cell(finding, name) for name in COLUMNS] for finding in result.findings))


def _cell(finding: Finding, column: str) -> Cell:
    is_example = column.startswith("example_")
    value: Cell = getattr(finding.example if is_example else finding, column.removeprefix("example_"))
    return value
