"""The Markdown report, for a merge request or a ticket: the same answer as the terminal's, as tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TextIO

from flowcheck.counted import counted
from flowcheck.reports.audit import answer, finding_wording, not_looked_at
from flowcheck.reports.audit.unknown_wording import unknowns
from flowcheck.reports.balance.brief import brief
from flowcheck.reports.escape import escape_markdown
from flowcheck.reports.gaps import gaps
from flowcheck.reports.markdown_parts import bullets, heading, table
from flowcheck.results.audit import AuditResult


def render(result: AuditResult, stream: TextIO) -> None:
    stream.write("".join(f"{line}\n" for line in _document(result)))


def _document(result: AuditResult) -> Iterable[str]:
    summary = result.summary
    yield f"## flowcheck: {escape_markdown(answer.headline(summary))}"
    yield ""
    yield from bullets(gaps(summary.nothing, summary.incomplete_because))
    yield from bullets(f"{label}: {text}" if label else text for label, text in answer.looked_at(summary))
    yield from heading("Whose flows these were")
    yield from table(("", "rows", "connections", "bytes", ""), answer.attributed(summary))
    yield from _findings(result)
    if summary.verdicts.unknown:
        yield from heading(f"Unknown ({counted(summary.verdicts.unknown, 'row')})")
        rows = [(f"{count:,}", reason, meaning) for count, reason, meaning in unknowns(summary)]
        yield from table(("rows", "reason", "meaning"), rows)
    if result.load.services:
        yield from heading("Service load")
        yield from bullets(brief(result.load))
    yield from heading("Not looked at")
    yield from bullets(not_looked_at.not_looked_at(result))
    yield from bullets(f"{file}: {what}" if file else what for file, what in not_looked_at.failures(result))
    yield from _listed("Rules never hit", not_looked_at.unused_rules(result))
    yield from _listed("Next", finding_wording.next_steps(result))


def _listed(title: str, sentences: Sequence[str]) -> Iterable[str]:
    if sentences:
        yield from heading(title)
        yield from bullets(sentences)


def _findings(result: AuditResult) -> Iterable[str]:
    for title, findings, n_shown in finding_wording.groups(result):
        yield from heading(f"{title} ({counted(len(findings), 'finding')})")
        yield from table(
            finding_wording.COLUMNS, [finding_wording.row(finding) for finding in findings[:n_shown]]
        )
        if len(findings) > n_shown:
            yield f"\nand {len(findings) - n_shown:,} more in findings.json"
