"""When violations began: no row is lost, whatever the times are and in whatever order parts come."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flowcheck
from flowcheck.results.finding.times import MOST, SECOND, ViolationTimes

ROOT = Path(__file__).resolve().parent.parent.parent
ROWS = st.lists(st.tuples(st.integers(-(2**62), 2**62), st.integers(0, 2)), max_size=20)
NEAR = st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 2)), max_size=20)


def counted(rows: list[tuple[int, int]]) -> ViolationTimes:
    times = ViolationTimes()
    array = np.array(rows, dtype=np.int64).reshape(-1, 2)
    times.count(array[:, 0], array[:, 1])
    return times


def by_group(found: list[tuple[int, int, int]]) -> list[int]:
    return [sum(counts[group] for counts in found) for group in range(3)]


@settings(deadline=None)
@given(ROWS | NEAR, st.integers(2, 100))
def test_a_series_has_every_row_in_the_stretch_where_it_began(rows: list[tuple[int, int]], most: int) -> None:
    seconds, stretches = counted(rows).series(most)
    assert len(stretches) <= most
    expected: dict[int, list[int]] = {}
    for time, group in rows:
        begin = time // (seconds * SECOND) * seconds * SECOND
        expected.setdefault(begin, [0, 0, 0])[group] += 1
    assert {begin: list(counts) for begin, counts in stretches if any(counts)} == expected
    starts = [begin for begin, _ in stretches]
    assert starts == [starts[0] + n * seconds * SECOND for n in range(len(starts))]


@settings(deadline=None)
@given(ROWS | NEAR, ROWS | NEAR, ROWS | NEAR)
def test_parts_may_come_in_any_order(
    one: list[tuple[int, int]], two: list[tuple[int, int]], three: list[tuple[int, int]]
) -> None:
    whole = counted([*one, *two, *three])
    for order in ((one, two, three), (three, one, two), (two, three, one)):
        together = ViolationTimes()
        for part in order:
            together.add(counted(part))
        assert (together.seconds, together.of) == (whole.seconds, whole.of)


def test_times_far_apart_make_stretches_wider_and_lose_nothing() -> None:
    rows = [(n * 7200 * SECOND, n % 3) for n in range(3 * MOST)]
    times = counted(rows)
    assert len(times.of) <= MOST
    assert times.seconds == 21_600
    assert by_group(list(times.of.values())) == [MOST] * 3
    parts = [counted(rows[at::7]) for at in range(7)]
    assert {part.seconds for part in parts} == {60}
    first, *others = parts
    for part in others:
        first.add(part)
    assert (first.seconds, first.of) == (times.seconds, times.of)


def test_a_day_is_told_by_the_hour() -> None:
    seconds, stretches = counted([(0, 0), (86_399 * SECOND, 1)]).series(48)
    assert (seconds, len(stretches)) == (3600, 24)
    assert stretches[-1] == (23 * 3600 * SECOND, (0, 1, 0))


@pytest.mark.parametrize(
    ("flows", "cluster"),
    [("flows", "cluster"), ("cilium/hubble.jsonl.gz", "cilium/cluster"), ("mesh/logs", "mesh/cluster")],
)
def test_an_audit_counts_each_violation_once(flows: str, cluster: str) -> None:
    """As its summary has them, which counts them by edges, and as its findings are grouped."""
    data = ROOT / "data"
    results = [flowcheck.audit(str(data / flows), str(data / cluster), jobs=jobs) for jobs in (1, 2)]
    for result in results:
        violations = result.summary.violations
        told = violations.forwarded_denied - violations.observed_unknown
        groups = by_group(list(result.times.of.values()))
        assert groups == [told, violations.observed_unknown, violations.dropped_allowed]
        assert sum(groups)
        found = [sum(one.records for one in result.findings if one.group == group) for group in range(3)]
        assert groups == found
    assert results[0].times == results[1].times
