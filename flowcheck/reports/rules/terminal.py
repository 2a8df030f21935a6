"""What rules are worth, for a person at a terminal."""

from __future__ import annotations

from typing import TextIO

from flowcheck.reports.parts.console import pairs, paragraph, report_console, section
from flowcheck.reports.rules.sections import headline, looked_at, sections
from flowcheck.results.records.rules import RulesRecord

MOST_ROWS = 50


def render(
    record: RulesRecord,
    stream: TextIO,
    *,
    color: str = "auto",
    width: int | None = None,
    most: int = MOST_ROWS,
) -> None:
    """Of each section the first so many rows. ``color`` is auto, always or never; ``width`` is the terminal's
    unless given."""
    with report_console(stream, color, width, default=100, widest=140) as console:
        paragraph(console, f"flowcheck rules: {headline(record)}", "bold")
        for cause in record.incomplete_because:
            paragraph(console, f"  INCOMPLETE: {cause}")
        console.print()
        pairs(console, [*looked_at(record)])
        for title, rows in sections(record):
            section(console, f"{title} ({len(rows):,})")
            for name, said in rows[:most]:
                paragraph(console, f"  {name}")
                for line in said.split("\n"):
                    paragraph(console, f"      {line}")
            if len(rows) > most:
                paragraph(console, f"  and {len(rows) - most:,} more: all of them with -f json")
