"""A matrix as CSV, for spreadsheets: one row per pair, with the ports that are allowed, denied, unknown, and
those at which pods of one workload differ. Text that a spreadsheet would run as a formula
is prefixed with ``'``.
"""

from __future__ import annotations

from typing import TextIO

from flowcheck.reach.matrix import WORDS, Matrix, PortAnswer
from flowcheck.reports.parts.csv import Cell, cells_text, write_rows

COLUMNS = ("src", "dst", "src_kind", "dst_kind", *WORDS, "reasons")
"""``allow``, ``some``, ``unknown`` and ``deny`` are ports in words; ``some``: pods differ."""


def render(matrix: Matrix, stream: TextIO) -> None:
    """Write the rows."""
    write_rows(stream, COLUMNS, ())
    told = [cells_text(_cells(answer)) for answer in matrix.answers]
    columns = [(cells_text([one.name]), one.kind) for one in matrix.destinations]
    for source, row in zip(matrix.sources, matrix.cells.tolist(), strict=True):
        src = cells_text([source.name])
        stream.writelines(
            f"{src},{dst},{source.kind},{kind},{told[answer]}\n"
            for (dst, kind), answer in zip(columns, row, strict=True)
            if answer
        )


def _cells(answers: tuple[PortAnswer, ...]) -> tuple[Cell, ...]:
    ports = ("; ".join(one.ports for one in answers if one.verdict == word) for word in WORDS)
    reasons = tuple(dict.fromkeys(reason for one in answers for reason in one.reasons))
    return (*ports, reasons)
