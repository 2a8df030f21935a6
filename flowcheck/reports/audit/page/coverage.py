"""What was looked at, file by file, and how far verdicts reach."""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple

from markupsafe import Markup

from flowcheck.counted import counted
from flowcheck.reports.audit.page.markup import drawn, size_of
from flowcheck.reports.audit.unknown_wording import unknowns
from flowcheck.reports.parts.reasons import REASONS
from flowcheck.reports.parts.svg import figure, part, rect
from flowcheck.reports.parts.units import percent, size
from flowcheck.results.audit import AuditResult
from flowcheck.results.records.ledger import FileEntry

MOST_FILES, FILE_SIZE = 500, 250
"""That are named, and the bytes of each beside its texts, about."""
HEIGHT = 14
LEAST = 0.004
"""Of the width, so that nothing there is goes unseen."""


class File(NamedTuple):
    """``rows``: declared, judged, unknown, rejected, left out for other reasons; None: not known."""

    name: str
    status: str
    bytes: str
    rows: tuple[int | None, ...]
    notes: list[str]


class Files(NamedTuple):
    """Those of which something was lost, apart; ``hidden``: how many of each there is no room for."""

    lost: list[File]
    whole: list[File]
    hidden_lost: int
    hidden_whole: int


class Part(NamedTuple):
    """Rows of one kind; ``color`` is a class."""

    name: str
    rows: int
    share: str
    color: str


class Judged(NamedTuple):
    picture: Markup
    parts: list[Part]


def files(result: AuditResult, size: int) -> Files:
    """As many of them as ``size`` bytes of the page have room for, the first that failed."""
    lost = [one for one in result.ledger.files if one.status != "judged" or one.rejected]
    whole = [one for one in result.ledger.files if one.status == "judged" and not one.rejected]
    lost.sort(key=lambda one: one.status != "failed")
    shown = [_shown(some, size // 2) for some in (lost, whole)]
    return Files(shown[0], shown[1], len(lost) - len(shown[0]), len(whole) - len(shown[1]))


def _shown(entries: list[FileEntry], size: int) -> list[File]:
    made = [_file(entry) for entry in entries[:MOST_FILES]]
    ends = accumulate(FILE_SIZE + size_of("".join([one.name, *one.notes])) for one in made)
    return [one for one, end in zip(made, ends, strict=True) if end <= size]


def _file(entry: FileEntry) -> File:
    told = entry.detail or entry.reason or ""
    rejected = [
        f"{counted(one.rows, 'row')} rejected: {one.reason} (first: row "
        f"{', '.join(map(str, one.first_rows[:3]))})"
        for one in entry.rejected
    ]
    others = entry.rows_filtered + entry.rows_merged + entry.rows_left_out
    rows = (entry.rows_declared, entry.rows_judged, entry.rows_unknown, entry.rows_rejected, others)
    notes = [*([told] if told else []), *rejected, *entry.warnings]
    return File(entry.file, entry.status, size(entry.bytes), rows, notes)


def judged(result: AuditResult) -> Judged:
    """All rows by what became of them, with a picture of their shares."""
    verdicts, totals = result.summary.verdicts, result.summary.totals
    counts = (
        ("allow", verdicts.allow, "allow"),
        ("deny", verdicts.deny, "deny"),
        ("unknown", verdicts.unknown, "unknown"),
        ("not applicable: policies do not reach them", verdicts.not_applicable, "rule"),
        ("rejected, or in files that failed", totals.rows_rejected + totals.rows_in_failed_files, "alarm"),
    )
    whole = sum(rows for _, rows, _ in counts)
    parts = [Part(name, rows, percent(rows, whole), color) for name, rows, color in counts if rows]
    root = figure(HEIGHT)
    widths = [max(one.rows / whole, LEAST) for one in parts]
    at = 0.0
    for one, width in zip(parts, widths, strict=True):
        rect(root, part(at / sum(widths)), 0, part(width / sum(widths)), HEIGHT, one.color)
        at += width
    return Judged(drawn(root), parts)


def reasons(result: AuditResult) -> list[tuple[int, str, str, str, str]]:
    """Of unknown rows: how many, their share, the reason, what it means, what would help."""
    whole = result.summary.verdicts.unknown
    return [
        (count, percent(count, whole), reason, meaning, REASONS.get(reason, ("", ""))[1])
        for count, reason, meaning in unknowns(result.summary)
    ]
