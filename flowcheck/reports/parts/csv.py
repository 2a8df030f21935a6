"""What the CSV reports are made of: rows whose text no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TextIO

from flowcheck.reports.parts.escape import escape_cell

Cell = str | int | float | tuple[str, ...] | None


def write_rows(stream: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """A header, and each row with its cells as text."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_text(cell) for cell in row] for row in rows)


def cells_text(cells: Sequence[Cell]) -> str:
    """Cells as they stand in a row: for what stands in a million of them."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="").writerow([_text(cell) for cell in cells])
    return stream.getvalue()


def _text(value: Cell) -> str:
    """Reals with the digits that give them back, lists joined; nothing where there is no value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return escape_cell("; ".join(value) if isinstance(value, tuple) else value)
