"""The isolated workloads for a person at a terminal."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console

from flowcheck.counted import counted
from flowcheck.reach.matrix import Isolated
from flowcheck.reports.parts.console import paragraph, report_console, section


def render(isolated: Isolated, stream: TextIO, *, color: str = "auto", width: int | None = None) -> None:
    """Write both lists. ``color`` is auto, always or never; ``width`` is the terminal's unless given."""
    n_unreachable, n_silent = len(isolated.unreachable), len(isolated.reaching_nobody)
    with report_console(stream, color, width, default=100, widest=120) as console:
        paragraph(
            console,
            f"flowcheck matrix: {counted(n_unreachable, 'workload')} that nobody may reach, "
            f"{n_silent:,} that may reach nobody",
            "bold",
        )
        _names(console, "Nobody may reach", isolated.unreachable)
        _names(console, "May reach nobody", isolated.reaching_nobody)


def _names(console: Console, title: str, names: tuple[str, ...]) -> None:
    if names:
        section(console, title)
        for name in names:
            paragraph(console, f"  {name}")
