"""Findings sorted into new, known and ignored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from flowcheck.results.finding.gathering import Gathered
from flowcheck.results.gate.baseline import Baseline
from flowcheck.results.gate.ignoring import Ignores
from flowcheck.results.gate.matching import Entry
from flowcheck.results.records.findings import IGNORED, KNOWN, Finding
from flowcheck.results.records.gate import Gate, Ignoring


def sort_findings(
    gathered: Gathered, baseline: Baseline | None, ignores: Ignores | None, today: date
) -> tuple[list[Finding], Gate | None]:
    """The findings, marked, of a group the new ones first; and how many of each there are: None where they
    are held against nothing. Those that are not listed are new: nobody can tell that they are known."""
    if baseline is None and ignores is None:
        return gathered.findings, None
    entries = ignores.entries if ignores else ()
    known = baseline.fingerprints if baseline else frozenset()
    marked = [_marked(one, known, entries, today) for one in gathered.findings]
    marked.sort(key=lambda one: (one.group, bool(one.suppressed)))
    gone = len(known - {one.fingerprint for one in marked})
    parts = {mark: [one for one in marked if one.suppressed == mark] for mark in ("", KNOWN, IGNORED)}
    records = {mark: sum(one.records for one in part) for mark, part in parts.items()}
    return marked, Gate(
        new=len(parts[""]) + gathered.more,
        new_records=records[""] + gathered.more_records,
        known=len(parts[KNOWN]),
        known_records=records[KNOWN],
        ignored=len(parts[IGNORED]),
        ignored_records=records[IGNORED],
        gone=None if gathered.more else gone,
        baseline=baseline.folder if baseline else "",
        baseline_sha256=baseline.sha256 if baseline else "",
        ignore_file=ignores.file if ignores else "",
        ignore_sha256=ignores.sha256 if ignores else "",
        entries=tuple(_told(entry, marked, today) for entry in entries),
    )


def _marked(finding: Finding, known: frozenset[str], entries: Sequence[Entry], today: date) -> Finding:
    """By the first entry that holds; that it is known says less than why it is ignored."""
    for entry in entries:
        if not _expired(entry, today) and entry.match.covers(finding):
            until = f", until {entry.expires}" if entry.expires else ""
            because = f"{entry.reason} ({entry.owner}{until})"
            return replace(finding, suppressed=IGNORED, suppressed_because=because)
    return replace(finding, suppressed=KNOWN) if finding.fingerprint in known else finding


def _expired(entry: Entry, today: date) -> bool:
    return entry.expires is not None and entry.expires < today


def _told(entry: Entry, findings: Sequence[Finding], today: date) -> Ignoring:
    matched = [one for one in findings if entry.match.covers(one)]
    return Ignoring(
        at=entry.at,
        reason=entry.reason,
        owner=entry.owner,
        expires=str(entry.expires or ""),
        expired=_expired(entry, today),
        findings=len(matched),
        records=sum(one.records for one in matched),
    )
