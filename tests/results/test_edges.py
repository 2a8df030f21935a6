"""Several reports of one edge as one: records of all, connections and bytes of the end with the most."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcheck import arrays as a
from flowcheck.compile import compile_program
from flowcheck.model.cluster import Cluster
from flowcheck.results.edges import take_apart
from flowcheck.results.reported import by_edge, fold_reports, is_inferred

PROGRAM = compile_program(Cluster())
ENTRIES = st.lists(
    st.tuples(
        *(st.integers(0, 1) for _ in range(3)), st.integers(0, 4), *(st.integers(0, 9) for _ in range(5))
    ),
    max_size=25,
)


def entry(group: int, decision: int, inferred: int, point: int, *amounts: int) -> list[int]:
    service = inferred << 36 | point << 33 | 1 << 32 | 1 << 28 | 6 << 20 | 81
    return [group << 32 | 7, decision << 32 | 8, service, *amounts]


@settings(deadline=None, max_examples=150)
@given(ENTRIES)
def test_folding_is_the_greatest_of_the_points_sums(rows: list[tuple[int, ...]]) -> None:
    table = np.array([entry(*row) for row in rows], dtype=np.int64).reshape(-1, 8)
    found = {
        (int(e[a.KEY_GROUPS]), int(e[a.KEY_DECISIONS])): e[a.RECORDS :].tolist()
        for e in fold_reports(by_edge(table))
    }
    expected = {}
    for group, decision in {row[:2] for row in rows}:
        mine = [row for row in rows if row[:2] == (group, decision)]
        points = [[row for row in mine if row[3] == point] for point in range(5)]
        expected[group << 32 | 7, decision << 32 | 8] = [
            sum(row[4] for row in mine),
            *(max(sum(row[column] for row in point) for point in points) for column in (5, 6)),
            min(row[7] for row in mine),
            max(row[8] for row in mine),
        ]
    assert found == expected


def test_a_folded_edge_tells_no_point_and_no_quality() -> None:
    folded = fold_reports(np.array([entry(0, 0, 1, 2, 1, 1, 1, 1, 1)], dtype=np.int64))
    assert is_inferred(folded).tolist() == [0]
    assert take_apart(PROGRAM, folded).port.tolist() == [80]
    assert take_apart(PROGRAM, folded).observed.tolist() == [1]


def told(observed: int, point: int, flows: int) -> list[int]:
    service = point << 33 | 1 << 32 | observed << 28 | 6 << 20 | 81
    return [7, 8, service, flows, flows, 100 * flows, 0, 0]


@pytest.mark.parametrize(
    ("rows", "flows"),
    [
        ([told(1, 2, 5), told(0, 1, 5)], {1: 5, 0: 0}),
        ([told(1, 2, 5), told(0, 1, 7)], {1: 5, 0: 2}),
        ([told(1, 2, 5), told(0, 2, 3), told(0, 1, 8)], {1: 5, 0: 3}),
        ([told(1, 2, 4), told(2, 2, 3), told(0, 1, 7)], {1: 4, 2: 3, 0: 0}),
        ([told(1, 2, 4), told(2, 1, 4)], {1: 4, 2: 4}),
        ([told(0, 2, 4), told(0, 1, 3)], {0: 4}),
    ],
)
def test_what_one_end_observed_is_no_other_connection_at_the_end_that_did_not(
    rows: list[list[int]], flows: dict[int, int]
) -> None:
    folded = take_apart(PROGRAM, fold_reports(by_edge(np.array(rows, dtype=np.int64))))
    assert dict(zip(folded.observed.tolist(), folded.flows.tolist(), strict=True)) == flows
    assert (folded.bytes_ == 100 * folded.flows).all()
