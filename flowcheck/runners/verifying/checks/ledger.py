"""The ledger against itself: every file and every row is accounted for, by itself and in total."""

from __future__ import annotations

from collections import Counter

import msgspec

from flowcheck.results.records.ledger import FileEntry, Ledger, Totals
from flowcheck.runners.verifying.differences import Differences

LEDGER = "ledger.json"
STATUSES = ("judged", "failed", "skipped")
PARTS = ("judged", "unknown", "rejected", "filtered", "merged", "left_out")
"""What becomes of a declared row of a file that was judged."""


def check_ledger(ledger: Ledger, differences: Differences) -> None:
    named = Counter(entry.file for entry in ledger.files)
    for entry in ledger.files:
        _check_entry(entry, differences)
    for name, count in named.items():
        differences.expect(LEDGER, f"entries for {name}", 1, count)
    totals = added_up(ledger)
    for field, expected in msgspec.structs.asdict(totals).items():
        what = f"totals.{field} (its files added up)"
        differences.expect(LEDGER, what, expected, getattr(ledger.totals, field))
    parts = sum(getattr(ledger.totals, f"rows_{part}") for part in PARTS)
    differences.expect(
        LEDGER,
        "totals.rows_declared (what became of them added up)",
        parts + ledger.totals.rows_in_failed_files,
        ledger.totals.rows_declared,
    )


def added_up(ledger: Ledger) -> Totals:
    """The totals, as the entries have them. The audit has a function of its own for this: here nothing stops
    at the first that is wrong."""
    by_status = Counter(entry.status for entry in ledger.files)
    judged = [entry for entry in ledger.files if entry.status == "judged"]
    in_failed = sum(entry.rows_declared or 0 for entry in ledger.files if entry.status == "failed")
    return Totals(
        files_seen=len(ledger.files),
        files_judged=by_status["judged"],
        files_failed=by_status["failed"],
        files_skipped=by_status["skipped"],
        rows_declared=sum(entry.rows_declared or 0 for entry in judged) + in_failed,
        rows_in_failed_files=in_failed,
        **{f"rows_{part}": sum(getattr(entry, f"rows_{part}") for entry in judged) for part in PARTS},
        row_groups_pruned=sum(entry.row_groups_pruned for entry in judged),
        rows_pruned=sum(entry.rows_pruned for entry in judged),
    )


def _check_entry(entry: FileEntry, differences: Differences) -> None:
    of = f"of {entry.file}"
    if entry.status not in STATUSES:
        differences.add(LEDGER, f"status {of}", ", ".join(STATUSES), entry.status)
    counts = {f"rows_{part}": getattr(entry, f"rows_{part}") for part in PARTS}
    for field, count in {"bytes": entry.bytes, "rows_declared": entry.rows_declared, **counts}.items():
        if count is not None and count < 0:
            differences.add(LEDGER, f"{field} {of}", "0 or more", count)
    if entry.status == "judged":
        what = f"rows_declared {of} (what became of them added up)"
        differences.expect(LEDGER, what, sum(counts.values()), entry.rows_declared)
    else:
        for field, count in counts.items():
            differences.expect(LEDGER, f"{field} {of}, which was {entry.status}", 0, count)
    for field, reasons in (("rejected", entry.rejected), ("left_out", entry.left_out)):
        what = f"rows_{field} {of} (its reasons added up)"
        differences.expect(LEDGER, what, sum(one.rows for one in reasons), counts[f"rows_{field}"])
    for one in entry.rejected:
        shown = len(one.first_rows)
        if shown > one.rows or any(not 0 <= row < (entry.rows_declared or 0) for row in one.first_rows):
            where = f"first_rows {of}, {one.reason}"
            differences.add(LEDGER, where, f"rows of the {entry.rows_declared} it has", str(one.first_rows))
