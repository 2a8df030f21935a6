"""An answer as CSV, with its columns as they were asked for."""

from __future__ import annotations

from typing import TextIO

from flowcheck.reports.answer.values import plain_rows, shown
from flowcheck.reports.parts.csv import write_rows
from flowcheck.reports.parts.escape import escape_cell
from flowcheck.results.asked import Answer


def render(answer: Answer, stream: TextIO) -> None:
    names = [escape_cell(name) for name in answer.schema.names]
    write_rows(stream, names, (tuple(map(_cell, row)) for row in plain_rows(answer)))


def _cell(value: object) -> str | int | float | None:
    return value if value is None or isinstance(value, int | float) else shown(value)
