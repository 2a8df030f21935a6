"""What the Markdown reports are made of; everything from an input is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flowcheck.reports.parts.escape import escape_markdown


def heading(text: str) -> Iterable[str]:
    return ("", f"### {escape_markdown(text)}", "")


def bullets(texts: Iterable[str]) -> Iterable[str]:
    return (f"- {escape_markdown(text)}" for text in texts)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterable[str]:
    yield "| " + " | ".join(columns) + " |"
    yield "|" + " --- |" * len(columns)
    for row in rows:
        yield "| " + " | ".join(escape_markdown(cell) for cell in row) + " |"
