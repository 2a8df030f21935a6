"""An answer for a person: a table, or one row after another where there are too many columns for one."""

from __future__ import annotations

from itertools import islice
from typing import TextIO

import pyarrow.types as pt
from rich.console import Console
from rich.table import Table

from flowcheck.counted import counted
from flowcheck.reports.answer.values import plain_rows, shown
from flowcheck.reports.parts.console import lines, pairs, paragraph, report_console
from flowcheck.results.asked import Answer

MOST_ROWS, MOST_COLUMNS = 100, 12


def render(answer: Answer, stream: TextIO, *, color: str = "auto", width: int | None = None) -> None:
    """Write the first rows. ``color`` is auto, always or never; ``width`` is the terminal's unless given."""
    with report_console(stream, color, width, default=100, widest=240) as console:
        rows = list(islice(plain_rows(answer), MOST_ROWS + 1))
        if len(answer.schema) > MOST_COLUMNS:
            _one_by_one(console, answer.schema.names, rows[:MOST_ROWS])
        elif rows:
            _table(console, answer, rows[:MOST_ROWS])
        if len(rows) > MOST_ROWS:
            paragraph(console, f"the first {MOST_ROWS} rows; -f csv=FILE or jsonl=FILE writes all")
        else:
            paragraph(console, counted(len(rows), "row"))


def _table(console: Console, answer: Answer, rows: list[tuple[object, ...]]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for field in answer.schema:
        number = pt.is_integer(field.type) or pt.is_floating(field.type) or pt.is_decimal(field.type)
        table.add_column(lines(field.name), overflow="fold", justify="right" if number else "left")
    for row in rows:
        table.add_row(*(lines(shown(value)) for value in row))
    console.print(table)


def _one_by_one(console: Console, names: list[str], rows: list[tuple[object, ...]]) -> None:
    for number, row in enumerate(rows):
        paragraph(console, f"row {number}", "bold")
        there = zip(names, row, strict=True)
        pairs(console, [(name, shown(value)) for name, value in there if value not in (None, "")])
