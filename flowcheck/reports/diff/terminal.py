"""The comparison for a person at a terminal: what would be stopped comes first."""

from __future__ import annotations

from typing import TextIO

from rich.table import Table
from rich.text import Text

from flowcheck.reports.diff import wording
from flowcheck.reports.parts.console import lines, pairs, paragraph, report_console, section
from flowcheck.reports.parts.units import moment
from flowcheck.results.diff.result import DiffResult
from flowcheck.results.records.diff import Change


def render(result: DiffResult, stream: TextIO, *, color: str = "auto", width: int | None = None) -> None:
    """Write the report. ``color`` is auto, always or never; ``width`` is the terminal's unless given."""
    summary = result.summary
    with report_console(stream, color, width, default=100, widest=140) as console:
        paragraph(console, f"flowcheck diff: {wording.headline(summary)}", "bold")
        for gap in wording.gaps(summary):
            paragraph(console, f"  {gap}")
        section(console, "Compared")
        pairs(console, wording.looked_at(summary))
        for title, changes, n_shown in wording.groups(result):
            section(console, title)
            table = Table.grid(padding=(0, 2, 0, 0))
            table.add_column(justify="right", no_wrap=True, min_width=9)
            table.add_column(overflow="fold")
            for change in changes[:n_shown]:
                table.add_row(Text(f"{change.records:,}", style="bold"), lines(*_told(change)))
            console.print(table)
            if len(changes) > n_shown:
                paragraph(console, f"  and {len(changes) - n_shown:,} more in -f json")
        if summary.changes_not_listed:
            more = f"{summary.changes_not_listed:,} more are counted and not listed: --max-changes"
            section(console, more)


def _told(change: Change) -> list[str]:
    seen = f"{moment(change.first_seen)} to {moment(change.last_seen)}"
    return [
        wording.ends(change),
        f"{wording.port(change)}, {wording.outcome(change)}, {seen}",
        f"before: {wording.decided(change.before)}",
        f"after:  {wording.decided(change.after)}",
        f"first:  {wording.example(change)}",
    ]
