"""What the reports of an audit that are made of lists and tables say below the answer, section by section.

Everything here is taken from the result. Names come out raw: each report escapes for its own medium.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flowcheck.counted import counted
from flowcheck.reports.audit.answer import attributed
from flowcheck.reports.audit.finding_wording import COLUMNS, groups, next_steps, row
from flowcheck.reports.audit.known import TITLE, known
from flowcheck.reports.audit.not_looked_at import not_looked_at, unused_rules
from flowcheck.reports.audit.unknown_wording import unknowns
from flowcheck.reports.balance.brief import brief
from flowcheck.results.audit import AuditResult

NOT_LOOKED_AT = "Not looked at"


class Section(NamedTuple):
    """A title, and below it a table (where there are ``columns``) or sentences. ``hidden``: how many more
    rows there are."""

    title: str
    sentences: Sequence[str] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    hidden: int = 0


def sections(result: AuditResult) -> Iterator[Section]:
    """In their order; what was not looked at is always among them, if only to say nothing of it."""
    summary = result.summary
    yield Section(
        "Whose flows these were",
        columns=("", "rows", "connections", "bytes", ""),
        rows=attributed(summary),
    )
    for title, findings, n_shown in groups(result):
        yield Section(
            f"{title} ({counted(len(findings), 'finding')})",
            columns=COLUMNS,
            rows=[row(finding) for finding in findings[:n_shown]],
            hidden=len(findings) - n_shown,
        )
    if summary.verdicts.unknown:
        yield Section(
            f"Unknown ({counted(summary.verdicts.unknown, 'row')})",
            columns=("rows", "reason", "meaning"),
            rows=[(f"{count:,}", reason, meaning) for count, reason, meaning in unknowns(summary)],
        )
    for title, sentences in listed(result):
        if sentences or title == NOT_LOOKED_AT:
            yield Section(title, sentences)


def listed(result: AuditResult) -> list[tuple[str, Sequence[str]]]:
    """The last sections, which are sentences alone; those without any say nothing."""
    return [
        (TITLE, known(result.summary)),
        ("Service load", brief(result.load)),
        (NOT_LOOKED_AT, not_looked_at(result)),
        ("Rules never hit", unused_rules(result)),
        ("Next", next_steps(result)),
    ]
