"""The summary against the ledger, and against what edges, rules and services add up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from flowcheck.model.instants import instant_text
from flowcheck.model.verdict import Verdict
from flowcheck.results.records.ledger import Ledger
from flowcheck.results.records.summary import Summary
from flowcheck.runners.verifying.differences import Differences
from flowcheck.runners.verifying.tables.said import Edges, Hits, Services

SUMMARY, LEDGER = "summary.json", "ledger.json"
_ATTRIBUTED = ("resolved", "inferred", "ambiguous", "unresolved", "unknown_initiator", "outside")


def check_totals(summary: Summary, ledger: Ledger, differences: Differences) -> None:
    """Both are of one audit, and say the same of its rows."""
    differences.expect(SUMMARY, f"program (as in {LEDGER})", ledger.program, summary.program)
    for field, expected in msgspec.structs.asdict(ledger.totals).items():
        what = f"totals.{field} (as in {LEDGER})"
        differences.expect(SUMMARY, what, expected, getattr(summary.totals, field))


def check_itself(summary: Summary, differences: Differences) -> None:
    """What the summary says twice."""
    verdicts, totals = summary.verdicts, summary.totals
    known = verdicts.allow + verdicts.deny + verdicts.not_applicable
    _expect(differences, "totals.rows_judged (verdicts added up)", known, totals.rows_judged)
    _expect(differences, "totals.rows_unknown (verdicts.unknown)", verdicts.unknown, totals.rows_unknown)
    reasons = sum(verdicts.unknown_by_reason.values())
    _expect(differences, "verdicts.unknown (its reasons added up)", reasons, verdicts.unknown)
    of_all = known + verdicts.unknown
    _expect(differences, "observed, added up", of_all, sum(summary.observed.values()))
    attributed = sum(getattr(summary.attribution, name).records for name in _ATTRIBUTED)
    _expect(differences, "attribution, its records added up", of_all, attributed)
    _expect(differences, "coverage (of its verdicts)", _coverage(summary), summary.coverage)
    _expect(differences, "complete", str(not summary.incomplete_because), str(summary.complete))


def _coverage(summary: Summary) -> float | None:
    """None of numbers that are past any float."""
    verdicts = summary.verdicts
    concerned = summary.totals.rows_asked_for - verdicts.not_applicable
    try:
        return round(100.0 * (verdicts.allow + verdicts.deny) / concerned if concerned else 0.0, 4)
    except OverflowError:
        return None


def check_edges(summary: Summary, edges: Edges, differences: Differences) -> None:
    """Every record lies on an edge."""
    by_verdict, by_reason, by_observed = Counter[str](), Counter[str](), Counter[str]()
    for cell in edges.cells:
        by_verdict[cell.verdict] += cell.records
        by_observed[cell.observed] += cell.records
        if cell.verdict == Verdict.UNKNOWN:
            by_reason[cell.reason] += cell.records
    verdicts = {str(verdict): getattr(summary.verdicts, str(verdict)) for verdict in Verdict}
    _each(differences, "verdicts", by_verdict, verdicts)
    _each(differences, "verdicts.unknown_by_reason", by_reason, summary.verdicts.unknown_by_reason)
    _each(differences, "observed", by_observed, summary.observed)
    as_edges = "(edges.parquet added up)"
    _expect(differences, f"flows {as_edges}", sum(cell.flows for cell in edges.cells), summary.flows)
    n_bytes = sum(cell.bytes for cell in edges.cells) or None
    _expect(differences, f"bytes {as_edges}", n_bytes, summary.bytes)
    for field, time in (("first_seen", edges.first), ("last_seen", edges.last)):
        _expect(differences, f"{field} (edges.parquet)", _time(time), getattr(summary, field))


def check_rules(summary: Summary, hits: Hits, differences: Differences) -> None:
    _expect(differences, "unused_rules (policy_hits.parquet)", hits.unused, summary.unused_rules)
    _expect(differences, "open_rules (policy_hits.parquet)", hits.open, summary.open_rules)


def check_services(summary: Summary, services: Services, differences: Differences) -> None:
    _each(differences, "load", services.states, summary.load, "services.parquet")


def _each(
    differences: Differences,
    what: str,
    expected: Mapping[str, int],
    found: Mapping[str, int],
    by: str = "edges.parquet",
) -> None:
    """What is 0 may be left out."""
    for word in sorted({*expected, *found}):
        name = f"{what}.{word or '(none)'} ({by} added up)"
        _expect(differences, name, expected.get(word, 0), found.get(word, 0))


def _expect(
    differences: Differences, what: str, expected: str | float | None, found: str | float | None
) -> None:
    differences.expect(SUMMARY, what, expected, found)


def _time(instant: int | None) -> str | None:
    """A time past the calendar, which no audit writes, as its number."""
    try:
        return None if instant is None else instant_text(instant)
    except OverflowError:
        return str(instant)
