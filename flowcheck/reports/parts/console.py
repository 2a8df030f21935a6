"""The rich console that terminal reports write to: plain where colour is not wanted, nothing interpreted; and
what they all write to it."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from flowcheck.reports.parts.escape import escape

NARROWEST = 60


@contextmanager
def report_console(
    stream: TextIO, color: str, width: int | None, *, default: int, widest: int
) -> Iterator[Console]:
    """A console whose lines go to ``stream`` at the end of the block, without trailing blanks.

    ``color`` is auto, always or never; ``width`` is the terminal's unless given, ``default`` where
    there is no terminal, and never more than ``widest``. In a notebook too, lines go to ``stream`` alone.
    """
    colored = color == "always" if color != "auto" else wants_color(stream)
    buffer = io.StringIO()
    yield Console(
        file=buffer,
        width=max(NARROWEST, min(width or shutil.get_terminal_size((default, 24)).columns, widest)),
        force_terminal=colored,
        force_jupyter=False,
        color_system="standard" if colored else None,
        no_color=not colored,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
    )
    stream.write("".join(line.rstrip() + "\n" for line in buffer.getvalue().splitlines()))


def wants_color(stream: TextIO) -> bool:
    """Source: https://no-color.org; TERM=dumb understands no colours."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def section(console: Console, title: str) -> None:
    """A title after an empty line."""
    console.print()
    paragraph(console, title, "bold")


def pairs(console: Console, rows: Sequence[tuple[str, str]]) -> None:
    """Labels, and beside each its text."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in rows:
        table.add_row(lines(f"  {label}"), lines(text))
    console.print(table)


def paragraph(console: Console, text: str, style: str = "") -> None:
    """One paragraph; what does not fit goes on under its own beginning."""
    body = text.lstrip(" ")
    console.print(Padding(Text(escape(body), style=style, overflow="fold"), (0, 0, 0, len(text) - len(body))))


def lines(*texts: str) -> Text:
    """Lines of a cell, escaped."""
    return Text("\n".join(escape(text) for text in texts))
