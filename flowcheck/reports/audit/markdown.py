"""The Markdown report, for a merge request or a ticket: the same answer as the terminal's, as tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from flowcheck.reports.audit import answer
from flowcheck.reports.audit.explaining import Command
from flowcheck.reports.audit.sections import sections
from flowcheck.reports.parts.escape import escape_markdown
from flowcheck.reports.parts.gaps import gaps
from flowcheck.reports.parts.markdown import bullets, heading, table
from flowcheck.results.audit import AuditResult


def render(result: AuditResult, stream: TextIO) -> None:
    stream.write("".join(f"{line}\n" for line in _document(result)))


def _document(result: AuditResult) -> Iterable[str]:
    summary = result.summary
    yield f"## flowcheck: {escape_markdown(answer.headline(summary))}"
    yield ""
    yield from bullets(gaps(summary.nothing, summary.incomplete_because))
    yield from bullets(f"{label}: {text}" if label else text for label, text in answer.looked_at(summary))
    for section in sections(result):
        yield from heading(section.title)
        yield from table(section.columns, section.rows) if section.columns else map(_said, section.sentences)
        if section.hidden:
            yield f"\nand {section.hidden:,} more in findings.json"


def _said(sentence: str) -> str:
    """A sentence, or a command as code, in which Markdown changes nothing."""
    if isinstance(sentence, Command) and "`" not in sentence:
        return f"- `{sentence}`"
    return "".join(bullets([sentence]))
