"""The answer in a few numbers, for the top of the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowcheck.counted import counted
from flowcheck.reports.audit.known import sorted_out
from flowcheck.reports.parts.units import floored
from flowcheck.results.audit import AuditResult


class Figure(NamedTuple):
    """A number with its name and what there is to say of it. ``color``: a class; empty: none."""

    name: str
    number: str
    note: str
    color: str = ""


def complete(result: AuditResult) -> str:
    """What it means that a run is complete."""
    totals = result.summary.totals
    rejected = f", but for {counted(totals.rows_rejected, 'rejected row')}, as many as are tolerated"
    skipped = f", {counted(totals.files_skipped, 'file')} skipped" if totals.files_skipped else ""
    return (
        f"Complete: no file failed{skipped}, and every row that was asked for has a verdict or is counted as "
        f"unknown{rejected if totals.rows_rejected else ''}."
    )


def figures(result: AuditResult) -> list[Figure]:
    return list(_figures(result))


def _figures(result: AuditResult) -> Iterator[Figure]:
    summary = result.summary
    violations, verdicts, totals = summary.violations, summary.verdicts, summary.totals
    told = violations.forwarded_denied - violations.observed_unknown
    yield Figure("went through", f"{told:,}", "records that policies deny", "alarm" if told else "")
    if violations.observed_unknown:
        note = "records that policies deny, and the log does not say whether they went through"
        yield Figure("perhaps went through", f"{violations.observed_unknown:,}", note, "alarm")
    if violations.dropped_allowed:
        yield Figure("dropped", f"{violations.dropped_allowed:,}", "records that policies allow")
    if (stopped := verdicts.deny - violations.forwarded_denied - violations.expected) > 0:
        yield Figure("stopped", f"{stopped:,}", "records that policies deny, and that were dropped")
    sorted_ = f" ({sorted_out(summary.gate)})" if summary.gate is not None else ""
    yield Figure("findings", f"{violations.findings:,}", f"causes of violations{sorted_}")
    color = "unknown" if verdicts.unknown else ""
    yield Figure("unknown", f"{verdicts.unknown:,}", "rows that could not be decided", color)
    yield Figure("coverage", f"{floored(summary.coverage)}%", "of the rows that policies may reach")
    lost = totals.rows_rejected + totals.rows_in_failed_files
    failed = f", {counted(totals.files_failed, 'file')} failed" if totals.files_failed else ""
    color = "alarm" if lost or totals.files_failed else ""
    yield Figure("not judged", f"{lost:,}", f"rows rejected or in failed files{failed}", color)
