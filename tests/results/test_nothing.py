"""Why a run has nothing to say: the narrowest reason that holds; none where a row is judged."""

from __future__ import annotations

from typing import Any

import pytest

from flowcheck.balance.tell.result import LoadResult
from flowcheck.results.nothing import nothing_counted, nothing_judged
from flowcheck.results.records.ledger import Totals
from flowcheck.results.records.summary import VerdictCounts
from tests.reports.build_balance import make_load


def totals(**changes: int) -> Totals:
    names = ("unknown", "rejected", "filtered", "in_failed_files")
    rows = {f"rows_{name}": changes.pop(name, 0) for name in names}
    judged = changes.pop("judged", 0)
    files = {"files_seen": 1, "files_judged": 1, "files_failed": 0, "files_skipped": 0, **changes}
    return Totals(**files, **rows, rows_judged=judged, rows_declared=judged + sum(rows.values()))


def verdicts(**counts: Any) -> VerdictCounts:
    zero = dict.fromkeys(("allow", "deny", "unknown", "not_applicable"), 0)
    return VerdictCounts(**{**zero, "unknown_by_reason": {}, **counts})


@pytest.mark.parametrize(
    ("rows", "counts", "outside", "reason"),
    [
        (totals(files_judged=0, files_failed=1, in_failed_files=7), verdicts(), 0, "no_file_read"),
        (totals(files_judged=0, files_skipped=1), verdicts(), 0, "no_file_read"),
        (totals(), verdicts(), 0, "no_rows"),
        (totals(filtered=5), verdicts(), 0, "all_left_out"),
        (totals(filtered=5, rejected=1), verdicts(), 0, "all_rejected"),
        (totals(judged=2), verdicts(not_applicable=2), 2, "no_end_in_cluster"),
        (totals(judged=2, rejected=1), verdicts(not_applicable=2), 2, "no_end_in_cluster"),
        (totals(judged=2), verdicts(not_applicable=2), 1, "no_pod"),
        (totals(unknown=3), verdicts(unknown=3, unknown_by_reason={"no_port": 3}), 0, "all_unknown"),
        (
            totals(judged=1, unknown=3),
            verdicts(not_applicable=1, unknown=3, unknown_by_reason={"unresolved_dst": 2, "no_port": 1}),
            *(1, "all_unresolved"),
        ),
        (
            totals(unknown=3),
            verdicts(unknown=3, unknown_by_reason={"unresolved_src": 3}, only_named=2),
            *(0, "only_named"),
        ),
    ],
)
def test_nothing_judged(rows: Totals, counts: VerdictCounts, outside: int, reason: str) -> None:
    found = nothing_judged(rows, counts, outside, 1)
    assert found is not None
    assert found.reason == reason
    assert found.advice
    assert str(found).startswith("nothing was judged: ")


@pytest.mark.parametrize("verdict", ["allow", "deny"])
def test_one_row_that_is_judged_is_something(verdict: str) -> None:
    assert nothing_judged(totals(judged=9), verdicts(not_applicable=8, **{verdict: 1}), 8, 1) is None


def test_workloads_alone_are_told_as_such() -> None:
    found = nothing_judged(totals(unknown=3), verdicts(unknown=3), 0, 0)
    assert found is not None
    assert found.reason == "no_pods"
    assert "kubectl get pods -A -o yaml" in found.advice
    unread = nothing_judged(totals(rejected=3), verdicts(), 0, 0)
    assert unread is not None
    assert unread.reason == "all_rejected"


def test_nothing_counted() -> None:
    none = {"none": 4, "refused": 1, "endpoint_other_port": 2, "own_node": 1}
    services = make_load().services
    found = nothing_counted(totals(judged=8), LoadResult(services=services, classes=none))
    assert found is not None
    assert (found.reason, found.done) == ("no_service_reached", "counted")
    found = nothing_counted(totals(judged=8), LoadResult(classes=none))
    assert found is not None
    assert found.reason == "no_services"
    found = nothing_counted(totals(), LoadResult(services=services))
    assert found is not None
    assert found.reason == "no_rows"
    some = LoadResult(services=services, classes={**none, "vip": 1})
    assert nothing_counted(totals(judged=9), some) is None
