"""What rules are worth, for a merge request or a ticket: the terminal's sections as tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from flowcheck.reports.parts.escape import escape_markdown
from flowcheck.reports.parts.markdown import bullets, heading, table
from flowcheck.reports.rules.sections import headline, looked_at, sections
from flowcheck.results.records.rules import RulesRecord

MOST_ROWS = 200


def render(record: RulesRecord, stream: TextIO) -> None:
    stream.write("".join(f"{line}\n" for line in _document(record)))


def _document(record: RulesRecord) -> Iterable[str]:
    yield f"## flowcheck rules: {escape_markdown(headline(record))}"
    yield ""
    yield from bullets(f"INCOMPLETE: {cause}" for cause in record.incomplete_because)
    yield from bullets(f"{label}: {text}" for label, text in looked_at(record))
    for title, rows in sections(record):
        yield from heading(f"{title} ({len(rows):,})")
        yield from table(("what", "because"), [(name, _one_line(said)) for name, said in rows[:MOST_ROWS]])
        if len(rows) > MOST_ROWS:
            yield f"\nand {len(rows) - MOST_ROWS:,} more in JSON"


def _one_line(said: str) -> str:
    return " ".join(said.split("\n"))
