"""A matrix for a person at a terminal: for each source whom it may reach by which ports. What is denied every
port is not listed.
"""

from __future__ import annotations

from itertools import groupby
from typing import TextIO

from rich.console import Console

from flowcheck.counted import counted
from flowcheck.reach.matrix import Matrix
from flowcheck.reports.matrix.wording import headline, name_of, open_ports, remarks, who
from flowcheck.reports.parts.console import pairs, paragraph, report_console, section

MOST_PAIRS = 200


def render(
    matrix: Matrix,
    stream: TextIO,
    *,
    color: str = "auto",
    width: int | None = None,
    most: int = MOST_PAIRS,
) -> None:
    """Write the first so many pairs, by source. ``color`` is auto, always or never; ``width`` is the
    terminal's unless given."""
    with report_console(stream, color, width, default=100, widest=140) as console:
        paragraph(console, f"flowcheck matrix: {headline(matrix)}", "bold")
        paragraph(console, f"  from {who(matrix.sources)}, to {who(matrix.destinations)}")
        for remark in remarks(matrix):
            paragraph(console, f"  {remark}")
        _pairs(console, matrix, most)


def _pairs(console: Console, matrix: Matrix, most: int) -> None:
    listed = [*matrix.open_pairs()]
    for source, own in groupby(listed[:most], key=lambda pair: pair.source):
        section(console, f"{name_of(source)} ->")
        pairs(console, [(name_of(one.destination), open_ports(matrix.answers[one.answer])) for one in own])
    if len(listed) > most:
        console.print()
        more = counted(len(listed) - most, "more pair")
        paragraph(console, f"and {more}: choose with --from and --to, or take all with -f csv or -o")
