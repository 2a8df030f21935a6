"""The sentences that reports share about findings that are known from a baseline, or ignored.

Everything here is taken from the result. Names come out raw: each report escapes for its own medium.
"""

from __future__ import annotations

from flowcheck.counted import agreeing, counted
from flowcheck.reports.parts.gaps import first
from flowcheck.results.records.findings import IGNORED, KNOWN, Finding
from flowcheck.results.records.gate import Gate, Ignoring
from flowcheck.results.records.summary import Summary

TITLE = "Known and ignored"
MOST_ENTRIES = 10
"""How many that hide nothing a report for people names before it says how many more there are."""


def sorted_out(gate: Gate) -> str:
    """``1 new, 11 known, 2 ignored``; of what nothing was held against, nothing."""
    parts = [f"{gate.new:,} new"]
    parts += [f"{gate.known:,} known"] if gate.baseline else []
    parts += [f"{gate.ignored:,} ignored"] if gate.ignore_file else []
    return ", ".join(parts)


def known(summary: Summary) -> list[str]:
    """Counts of each, and the entries of the ignore file that hide nothing."""
    gate = summary.gate
    if gate is None:
        return []
    lines = [f"{counted(gate.new, 'finding')} new, of {counted(gate.new_records, 'record')}"]
    if gate.baseline:
        lines += [_known(gate), _gone(gate, complete=summary.complete)]
    if gate.ignore_file:
        ignored = f"{counted(gate.ignored, 'finding')} ignored, of {counted(gate.ignored_records, 'record')}"
        lines.append(f"{ignored}: {counted(len(gate.entries), 'entry', 'entries')} in {gate.ignore_file}")
        lines += first([text for _, text in idle(gate)], MOST_ENTRIES, "summary.json")
    more = unlisted(summary)
    return [*lines, more] if more else lines


def _known(gate: Gate) -> str:
    records = counted(gate.known_records, "record")
    it = agreeing(gate.known, "it is", "they are")
    return f"{counted(gate.known, 'finding')} known, of {records}: {it} in {gate.baseline} too"


def _gone(gate: Gate, *, complete: bool) -> str:
    if gate.gone is None:
        return "how many are gone is not known: not all findings are listed"
    perhaps = "" if complete or not gate.gone else ", or not looked at: the run is incomplete"
    return f"{counted(gate.gone, 'finding')} gone: in {gate.baseline} alone{perhaps}"


def idle(gate: Gate) -> list[tuple[Ignoring, str]]:
    """The entries that hide nothing, each with why."""
    return [(entry, f"{entry.at}: {why}") for entry in gate.entries if (why := idle_because(entry))]


def idle_because(entry: Ignoring) -> str:
    whose = f"{entry.reason} ({entry.owner})"
    if entry.expired:
        would = f"; it would match {counted(entry.findings, 'finding')}" if entry.findings else ""
        return f"expired, its last day was {entry.expires}{would}: {whose}"
    return "" if entry.findings else f"matches no finding: {whose}"


def unlisted(summary: Summary) -> str:
    """What cannot be held against anything."""
    more = summary.violations.findings_not_listed
    if not more or summary.gate is None:
        return ""
    return (
        f"{counted(more, 'finding')} {agreeing(more, 'is', 'are')} not listed, and "
        f"{agreeing(more, 'counts', 'count')} as new: --max-findings"
    )


def mark(finding: Finding) -> list[str]:
    """Why it does not make the run fail."""
    if finding.suppressed == IGNORED:
        return [f"ignored: {finding.suppressed_because}"]
    return ["known: in the baseline too"] if finding.suppressed == KNOWN else []
