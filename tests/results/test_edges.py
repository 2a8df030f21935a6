"""Several reports of one edge as one: records of all, connections and bytes of the end with the most."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcheck import arrays as a
from flowcheck.results.edges import by_edge, fold_reports, is_inferred, take_apart

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
    assert take_apart(folded).port.tolist() == [80]
    assert take_apart(folded).observed.tolist() == [1]
