"""The Markdown report, for a merge request or a ticket: the same answer as the terminal's, as tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from flowcheck.reports import wording
from flowcheck.reports.escape import escape_markdown
from flowcheck.reports.load_brief import brief
from flowcheck.reports.markdown_parts import bullets, heading, table
from flowcheck.results.audit import AuditResult
from flowcheck.results.records import Finding

TITLES = {
    wording.FORWARDED: "Forbidden by policy, yet it went through",
    wording.DROPPED: "Allowed by policy, yet a policy dropped it",
}


def render(result: AuditResult, stream: TextIO) -> None:
    stream.write("".join(f"{line}\n" for line in _document(result)))


def _document(result: AuditResult) -> Iterable[str]:
    summary = result.summary
    yield f"## flowcheck: {escape_markdown(wording.headline(summary))}"
    yield ""
    yield from bullets(f"incomplete: {reason}" for reason in summary.incomplete_because)
    yield from bullets(f"{label}: {text}" if label else text for label, text in wording.looked_at(summary))
    yield from heading("Whose flows these were")
    yield from table(("", "rows", "connections", "bytes", ""), wording.attributed(summary))
    yield from _findings(result)
    if summary.verdicts.unknown:
        yield from heading(f"Unknown ({wording.counted(summary.verdicts.unknown, 'row')})")
        rows = [(f"{count:,}", reason, meaning) for count, reason, meaning in wording.unknowns(summary)]
        yield from table(("rows", "reason", "meaning"), rows)
    if result.load.services:
        yield from heading("Service load")
        yield from bullets(brief(result.load))
    yield from heading("Not looked at")
    yield from bullets(
        wording.not_looked_at(result) or ["nothing: every row of every file got a verdict"],
    )
    yield from bullets(f"{file}: {what}" if file else what for file, what in wording.failures(result))
    if summary.unused_rules:
        yield from heading("Rules never hit")
        rules = wording.counted(summary.cluster.rules, "rule")
        yield from bullets([f"{summary.unused_rules:,} of {rules} decided no flow"])
    yield from heading("Next")
    yield from bullets(wording.next_steps(result))


def _findings(result: AuditResult) -> Iterable[str]:
    forwarded, dropped = wording.split_findings(result)
    shown = wording.shown_counts(len(forwarded), len(dropped))
    for kind, findings, n_shown in zip(TITLES, (forwarded, dropped), shown, strict=True):
        if not findings:
            continue
        yield from heading(f"{TITLES[kind]} ({wording.counted(len(findings), 'finding')})")
        columns = (
            "records",
            "source",
            "destination",
            "port",
            "direction",
            "first seen",
            "last seen",
            "policy",
        )
        yield from table(columns, [_row(finding) for finding in findings[:n_shown]])
        if len(findings) > n_shown:
            yield f"\nand {len(findings) - n_shown:,} more in findings.json"


def _row(finding: Finding) -> tuple[str, ...]:
    return (
        f"{finding.records:,}",
        finding.source,
        finding.destination,
        wording.port(finding),
        finding.direction,
        wording.moment(finding.first_seen),
        wording.moment(finding.last_seen),
        "; ".join([*wording.deciders(finding), *([f"note: {finding.note}"] if finding.note else [])]),
    )
