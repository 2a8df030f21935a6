"""Repeated reports of one connection are told as a dictionary would tell them, however small the table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcheck.arrays import FlowArrays
from flowcheck.flows.logs.counting.connections import GAP
from flowcheck.results.connections import ConnectionTable

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

Row = tuple[int, int, int, int, int, int, int, int]
"""source, destination, source port, port, point, flow count, judge, seconds"""

ROWS = st.lists(
    st.tuples(
        st.integers(1, 2),
        st.integers(1, 2),
        st.sampled_from([-1, 1000, 1001]),
        st.sampled_from([-1, 80, 1000]),
        st.integers(0, 2),
        st.integers(0, 2),
        st.integers(0, 2),
        st.integers(0, 200),
    ),
    max_size=60,
)


def flows_of(rows: list[Row]) -> FlowArrays:
    columns = np.array(rows, dtype=np.int64).reshape(-1, 8).T
    src, dst, src_port, port, point, count, judge, seconds = (np.ascontiguousarray(c) for c in columns)
    n = len(rows)
    return FlowArrays(
        src=src.astype(np.int32),
        dst=dst.astype(np.int32),
        src_key=src.astype(np.uint64),
        dst_key=dst.astype(np.uint64),
        protocol=np.full(n, 6, dtype=np.uint8),
        src_port=src_port.astype(np.int32),
        port=port.astype(np.int32),
        judge=judge.astype(np.uint8),
        observed=np.zeros(n, dtype=np.uint8),
        point=point.astype(np.uint8),
        inferred=np.zeros(n, dtype=np.uint8),
        counted=np.full(n, 9, dtype=np.uint8),
        flow_count=count,
        bytes_=np.zeros(n, dtype=np.int64),
        packets=np.zeros(n, dtype=np.int64),
        seen_at=seconds * 1_000_000,
    )


def expected(rows: list[Row]) -> list[int]:
    last: dict[tuple[object, ...], int] = {}
    counted = []
    for src, dst, src_port, port, point, count, judge, seconds in rows:
        if judge == 0 or src_port < 0 or port < 0 or count > 1:
            counted.append(1)
            continue
        ends = [(src, src_port), (dst, port)]
        key = (*(sorted(ends) if judge == 2 else ends), point)
        known = last.get(key)
        counted.append(0 if known is not None and abs(seconds - known) * 1_000_000 <= GAP else 1)
        last[key] = max(seconds, seconds if known is None else known)
    return counted


@settings(deadline=None, max_examples=150)
@given(ROWS)
def test_the_first_record_of_a_connection_counts_and_those_soon_after_do_not(rows: list[Row]) -> None:
    flows = flows_of(rows)
    ConnectionTable(1 << 8).mark(flows)
    assert flows.counted.tolist() == expected(rows)


@settings(deadline=None, max_examples=80)
@given(ROWS)
def test_in_order_of_time_the_tables_size_does_not_matter(rows: list[Row]) -> None:
    rows = sorted(rows, key=lambda row: row[-1])
    flows = flows_of(rows)
    table = ConnectionTable(2)
    table.mark(flows)
    assert flows.counted.tolist() == expected(rows)


def test_a_task_goes_on_where_its_last_batch_ended() -> None:
    table = ConnectionTable()
    batches = [flows_of([(1, 2, 1000, 80, 1, 1, 1, seconds)]) for seconds in (0, 30, 90, 151)]
    for batch in batches:
        table.mark(batch)
    assert [int(batch.counted[0]) for batch in batches] == [1, 0, 0, 1]
