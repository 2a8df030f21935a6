"""The hash table of edges counts as a dictionary would, also when it has to grow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcheck import arrays as a
from flowcheck.arrays import FlowArrays, Int64, Judged
from flowcheck.judging.keyed import add_flows, make_book
from flowcheck.results.edges import EdgeTable

# The hash wraps; only as plain Python (NUMBA_DISABLE_JIT) does NumPy remark on it.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

Flow = tuple[int, int, int, int, int, int, int, int, int, int, int]
"""source, destination, protocol, port, observed, point, inferred, counted, flow count, bytes, time"""

FLOWS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 3),
        st.sampled_from([1, 6, 17, 255]),
        st.sampled_from([-1, 0, 80, 65535]),
        st.integers(0, 4),
        st.integers(0, 4),
        st.integers(0, 1),
        st.integers(0, 1),
        st.integers(0, 3),
        st.integers(0, 10**12),
        st.integers(-(10**15), 10**15),
    ),
    max_size=60,
)
GROUPS = [0, 1, 2**31 - 1, 1]


def arrays_of(flows: list[Flow]) -> tuple[FlowArrays, Judged, Int64]:
    columns = np.array(flows, dtype=np.int64).reshape(-1, 11).T
    src, dst, protocol, port, observed, point, inferred, counted, count, bytes_, seen = (
        np.ascontiguousarray(c) for c in columns
    )
    batch = FlowArrays(
        src=src.astype(np.int32),
        dst=dst.astype(np.int32),
        src_key=src.astype(np.uint64),
        dst_key=dst.astype(np.uint64),
        protocol=protocol.astype(np.uint8),
        src_port=port.astype(np.int32),
        port=port.astype(np.int32),
        judge=(src != dst).astype(np.uint8),
        observed=observed.astype(np.uint8),
        point=point.astype(np.uint8),
        inferred=inferred.astype(np.uint8),
        counted=counted.astype(np.uint8),
        flow_count=count,
        bytes_=bytes_,
        packets=bytes_,
        seen_at=seen,
    )
    judged = Judged(batch.src + 40, batch.dst + 40, batch.protocol, batch.protocol, batch.dst)
    endpoints = np.zeros((4, 8), dtype=np.int32)
    endpoints[:, a.GROUP] = GROUPS
    return batch, judged, endpoints  # type: ignore[return-value]


def counted(flows: list[Flow]) -> EdgeTable:
    """The table of these flows, grown from one row as often as need be."""
    batch, judged, endpoints = arrays_of(flows)
    book = make_book(2)
    _, first = add_flows(book, batch, np.zeros(1, dtype=np.int64))
    table = EdgeTable(1)
    table.count(endpoints, book.content(), judged.egress[first], judged.ingress[first])  # type: ignore[arg-type]
    return table


def expected(flows: list[Flow]) -> dict[tuple[int, ...], tuple[int, ...]]:
    found: dict[tuple[int, ...], tuple[int, ...]] = {}
    for src, dst, protocol, port, observed, point, inferred, counted, count, bytes_, seen in flows:
        if src == dst:
            continue
        key = (GROUPS[src], GROUPS[dst], src + 40, dst + 40, observed, protocol, port, point, inferred)
        records, flows_, bytes_before, first, last = found.get(key, (0, 0, 0, seen, seen))
        found[key] = (
            records + 1,
            flows_ + count * counted,
            bytes_before + bytes_,
            min(first, seen),
            max(last, seen),
        )
    return found


def read(table: EdgeTable) -> dict[tuple[int, ...], tuple[int, ...]]:
    found: dict[tuple[int, ...], tuple[int, ...]] = {}
    for entry in table.entries().tolist():
        groups, decisions, service = entry[:3]
        key = (
            *(groups >> 32, groups & 0xFFFFFFFF, decisions >> 32, decisions & 0xFFFFFFFF),
            *(
                (service >> 28) & 15,
                (service >> 20) & 255,
                (service & 0xFFFFF) - 1,
                service >> 33 & 7,
                service >> 36,
            ),
        )
        assert key not in found
        found[key] = tuple(entry[3:])
    return found


@settings(deadline=None, max_examples=80)
@given(FLOWS)
def test_edges_are_counted_as_in_a_dictionary(flows: list[Flow]) -> None:
    assert read(counted(flows)) == expected(flows)


@settings(deadline=None, max_examples=40)
@given(FLOWS, FLOWS)
def test_merging_two_tables_is_counting_all_flows(one: list[Flow], other: list[Flow]) -> None:
    table = counted(one)
    table.merge(counted(other).entries())
    assert read(table) == expected(one + other)


@settings(deadline=None, max_examples=40)
@given(FLOWS, FLOWS)
def test_what_was_cleared_or_taken_is_gone(one: list[Flow], other: list[Flow]) -> None:
    table = counted(one)
    table.clear()
    table.merge(counted(other).entries())
    assert read(table) == expected(other)
    taken = table.take()
    assert len(table) == 0
    table.merge(counted(one).entries())
    assert read(table) == expected(one)
    assert len(taken) == len(expected(other))
