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

from flowcheck.counted import counted
from flowcheck.reports.audit import answer, finding_wording
from flowcheck.reports.audit.explaining import Command, on_lines
from flowcheck.reports.audit.not_looked_at import place
from flowcheck.reports.audit.sections import listed
from flowcheck.reports.audit.unknown_wording import unknowns
from flowcheck.reports.parts.console import lines, pairs, paragraph, report_console, section
from flowcheck.reports.parts.escape import escape
from flowcheck.reports.parts.gaps import gaps
from flowcheck.reports.parts.units import moment
from flowcheck.results.audit import AuditResult
from flowcheck.results.records.findings import Finding

WIDE = 130
"""Columns from which findings are a table; below, each is a short paragraph."""


def render(result: AuditResult, stream: TextIO, *, color: str = "auto", width: int | None = None) -> None:
    """Write the report. ``color`` is auto, always or never; ``width`` is the terminal's unless given."""
    with report_console(stream, color, width, default=120, widest=200) as console:
        _headline(console, result)
        _findings(console, result)
        _unknowns(console, result)
        for title, sentences in listed(result):
            _listed(console, title, sentences)


def _headline(console: Console, result: AuditResult) -> None:
    summary = result.summary
    bad = bool(summary.failing) or not summary.complete or summary.nothing is not None
    paragraph(console, f"flowcheck: {answer.headline(summary)}", "bold red" if bad else "bold green")
    for line in gaps(summary.nothing, summary.incomplete_because):
        paragraph(console, f"  {line}", "red")
    section(console, "Looked at")
    pairs(console, answer.looked_at(summary))
    _attributed(console, result)


def _attributed(console: Console, result: AuditResult) -> None:
    section(console, "Whose flows these were")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", no_wrap=True)
    for unit in ("rows", "connections", "bytes"):
        table.add_column(unit, justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for name, *shares, meaning in answer.attributed(result.summary):
        table.add_row(lines(f"  {name}"), *(lines(share) for share in shares), lines(meaning))
    console.print(table)


def _findings(console: Console, result: AuditResult) -> None:
    for title, findings, n_shown in finding_wording.groups(result):
        records = counted(sum(finding.records for finding in findings), "record")
        section(console, f"{title} ({counted(len(findings), 'finding')}, {records})")
        draw = _as_table if console.width >= WIDE else _as_paragraphs
        draw(console, findings[:n_shown])
        hidden = len(findings) - n_shown
        if hidden:
            paragraph(console, f"  and {hidden:,} more in {place(result, 'findings.json')}")


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
            lines(finding_wording.port(finding)),
            lines(finding.direction),
            lines(moment(finding.first_seen), moment(finding.last_seen)),
            lines(*_policies(finding)),
        )
    console.print(table)


def _as_paragraphs(console: Console, findings: Sequence[Finding]) -> None:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", no_wrap=True, min_width=9, style="bold")
    table.add_column(overflow="fold")
    for finding in findings:
        seen = f"{moment(finding.first_seen)} to {moment(finding.last_seen)}"
        table.add_row(
            Text(f"{finding.records:,}"),
            lines(
                f"{finding.source} -> {finding.destination}",
                f"{finding_wording.port(finding)} {finding.direction}, {seen}",
                *_policies(finding),
            ),
        )
    console.print(table)


def _policies(finding: Finding) -> list[str]:
    deciders = finding_wording.deciders(finding)
    by = [text if text.startswith("default-deny by") else f"by {text}" for text in deciders]
    return [*by, *finding_wording.notes(finding)]


def _unknowns(console: Console, result: AuditResult) -> None:
    rows = unknowns(result.summary)
    if not rows:
        return
    section(console, f"Unknown ({counted(result.summary.verdicts.unknown, 'row')})")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", no_wrap=True, min_width=9)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for count, reason, meaning in rows:
        table.add_row(lines(f"{count:,}"), lines(reason), lines(meaning))
    console.print(table)


def _listed(console: Console, title: str, sentences: Sequence[str]) -> None:
    if sentences:
        section(console, title)
    for sentence in sentences:
        if isinstance(sentence, Command):
            for place, line in enumerate(on_lines(sentence, console.width - 4)):
                console.print(Text(f"  {'  ' if place else ''}{escape(line)}"), soft_wrap=True)
        else:
            paragraph(console, f"  {sentence}")
