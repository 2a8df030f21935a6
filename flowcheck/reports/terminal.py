"""The report for a person at a terminal: what was looked at, what disagrees, what is unknown, what next.

Reads well from 60 columns up and without colour: nothing is said by colour alone, no name is cut,
and only ASCII is drawn. Names are escaped and never taken for rich's markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flowcheck.reports import wording
from flowcheck.reports.console import lines, pairs, paragraph, report_console, section
from flowcheck.reports.load_brief import brief
from flowcheck.results.audit import AuditResult
from flowcheck.results.records import Finding

WIDE = 130
"""Columns from which findings are a table; below, each is a short paragraph."""

TITLES = {
    wording.FORWARDED: "Forbidden by policy, yet it went through",
    wording.DROPPED: "Allowed by policy, yet a policy dropped it",
}


def render(result: AuditResult, stream: TextIO, *, color: str = "auto", width: int | None = None) -> None:
    """Write the report. ``color`` is auto, always or never; ``width`` is the terminal's unless given."""
    with report_console(stream, color, width, default=120, widest=200) as console:
        _headline(console, result)
        _findings(console, result)
        _unknowns(console, result)
        _load(console, result)
        _left_out(console, result)
        _next(console, result)


def _headline(console: Console, result: AuditResult) -> None:
    summary = result.summary
    bad = bool(summary.violations.records) or not summary.complete
    paragraph(console, f"flowcheck: {wording.headline(summary)}", "bold red" if bad else "bold green")
    for reason in summary.incomplete_because:
        paragraph(console, f"  incomplete: {reason}", "red")
    section(console, "Looked at")
    pairs(console, wording.looked_at(summary))
    _attributed(console, result)


def _attributed(console: Console, result: AuditResult) -> None:
    section(console, "Whose flows these were")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", no_wrap=True)
    for unit in ("rows", "connections", "bytes"):
        table.add_column(unit, justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for name, *shares, meaning in wording.attributed(result.summary):
        table.add_row(lines(f"  {name}"), *(lines(share) for share in shares), lines(meaning))
    console.print(table)


def _findings(console: Console, result: AuditResult) -> None:
    forwarded, dropped = wording.split_findings(result)
    shown = wording.shown_counts(len(forwarded), len(dropped))
    for kind, findings, n_shown in zip(TITLES, (forwarded, dropped), shown, strict=True):
        if not findings:
            continue
        records = wording.counted(sum(finding.records for finding in findings), "record")
        section(console, f"{TITLES[kind]} ({wording.counted(len(findings), 'finding')}, {records})")
        draw = _as_table if console.width >= WIDE else _as_paragraphs
        draw(console, findings[:n_shown])
        hidden = len(findings) - n_shown
        if hidden:
            place = str(result.out / "findings.json") if result.out else "findings.json (-o DIR writes it)"
            paragraph(console, f"  and {hidden:,} more in {place}")


def _as_table(console: Console, findings: Sequence[Finding]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("  records", justify="right", no_wrap=True)
    table.add_column("source -> destination", overflow="fold", ratio=5)
    table.add_column("port", no_wrap=True)
    table.add_column("direction", no_wrap=True)
    table.add_column("first and last seen", no_wrap=True)
    table.add_column("policy", overflow="fold", ratio=5)
    for finding in findings:
        table.add_row(
            Text(f"{finding.records:,}", style="bold"),
            lines(finding.source, f"-> {finding.destination}"),
            lines(wording.port(finding)),
            lines(finding.direction),
            lines(wording.moment(finding.first_seen), wording.moment(finding.last_seen)),
            lines(*_policies(finding)),
        )
    console.print(table)


def _as_paragraphs(console: Console, findings: Sequence[Finding]) -> None:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", no_wrap=True, min_width=9, style="bold")
    table.add_column(overflow="fold")
    for finding in findings:
        seen = f"{wording.moment(finding.first_seen)} to {wording.moment(finding.last_seen)}"
        table.add_row(
            Text(f"{finding.records:,}"),
            lines(
                f"{finding.source} -> {finding.destination}",
                f"{wording.port(finding)} {finding.direction}, {seen}",
                *_policies(finding),
            ),
        )
    console.print(table)


def _policies(finding: Finding) -> list[str]:
    return [
        f"by {text}" if not text.startswith("default-deny by") else text for text in wording.deciders(finding)
    ] + ([f"note: {finding.note}"] if finding.note else [])


def _unknowns(console: Console, result: AuditResult) -> None:
    rows = wording.unknowns(result.summary)
    if not rows:
        return
    section(console, f"Unknown ({wording.counted(result.summary.verdicts.unknown, 'row')})")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", no_wrap=True, min_width=9)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for count, reason, meaning in rows:
        table.add_row(lines(f"{count:,}"), lines(reason), lines(meaning))
    console.print(table)


def _load(console: Console, result: AuditResult) -> None:
    lines = brief(result.load)
    if lines:
        section(console, "Service load")
    for line in lines:
        paragraph(console, f"  {line}")


def _left_out(console: Console, result: AuditResult) -> None:
    sentences = wording.not_looked_at(result)
    failures = wording.failures(result)
    section(console, "Not looked at")
    for sentence in sentences or ["nothing: every row of every file got a verdict"]:
        paragraph(console, f"  {sentence}")
    for file, what in failures:
        paragraph(console, f"  {file}: {what}" if file else f"  {what}")
    summary = result.summary
    if summary.unused_rules:
        section(console, "Rules never hit")
        paragraph(
            console,
            f"  {summary.unused_rules:,} of {wording.counted(summary.cluster.rules, 'rule')} decided no flow",
        )


def _next(console: Console, result: AuditResult) -> None:
    section(console, "Next")
    for step in wording.next_steps(result):
        paragraph(console, f"  {step}")
