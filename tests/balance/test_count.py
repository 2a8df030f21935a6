"""Attribution to exactly one class; counting as a dictionary would, however tables are merged."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcheck import arrays as a
from flowcheck.balance.count.sums import take_apart_backends, take_apart_clients
from flowcheck.balance.count.tally import Bounds, Tally, TallyEntries, pack, unpack
from flowcheck.model.timeline import BEGINNING
from tests.balance.world import (
    ICMP,
    MINUTE,
    UDP,
    PortSpec,
    Row,
    count,
    make_batch,
    make_counting_tables,
    make_endpoints,
    ordered,
)

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

AMBIGUOUS, UNRESOLVED, POD, OTHER_POD, THIRD_POD, NODE, VIP_A, VIP_B, OUTSIDE, LONELY = range(10)
ENDPOINTS = make_endpoints(
    [
        *(a.KIND_AMBIGUOUS, a.KIND_UNRESOLVED, a.KIND_POD, a.KIND_POD, a.KIND_POD),
        *(a.KIND_NODE, a.KIND_UNRESOLVED, a.KIND_UNRESOLVED, a.KIND_BLOCK, a.KIND_POD),
    ],
    {POD: 0, OTHER_POD: 1, THIRD_POD: 2, NODE: 0},
)
A, B, C = 0, 1, 2
"""Services A 80 -> 8080, B 9090 -> 9090, C 8080 -> 8080, as A, all before one pod; A has node port 30080."""
PORTS = [
    PortSpec(0, 80, {BEGINNING: [(POD, 8080)]}, node_port=30080),
    PortSpec(1, 9090, {BEGINNING: [(POD, 9090)]}),
    PortSpec(2, 8080, {BEGINNING: [(POD, 8080)], 10 * MINUTE: [(POD, 8080), (OTHER_POD, 8080)]}),
]
SETTING = make_counting_tables(PORTS, ENDPOINTS, {VIP_A: 0, VIP_B: 1}, by_origin=[C], zones=[5, 5, 6])


WIDE = Bounds(1 << 10, 1 << 14)


def table_of(*rows: Row, bounds: Bounds = WIDE) -> Tally:
    table = Tally(bounds, 2)
    count(table, SETTING, *make_batch(list(rows)))
    return table


def attributed(row: Row) -> tuple[int, int, int]:
    found = count(Tally(), SETTING, *make_batch([row]))
    return int(found.class_[0]), int(found.what[0]), int(found.backend[0])


SHARED = len(PORTS)
"""The first place in ``serving`` is the pod's port 8080 for A; the second for B; the third for C."""
ELSEWHERE = len(PORTS) + 4


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (Row(OUTSIDE, POD, 9090), (a.ENDPOINT, B, POD)),
        (Row(NODE, POD, 9090), (a.FROM_OWN_NODE, -1, -1)),
        (Row(NODE, POD, 9090, named=B), (a.VIP_ENDPOINT, B, POD)),
        (Row(NODE, OTHER_POD, 8080), (a.ENDPOINT, C, OTHER_POD)),
        (Row(OUTSIDE, POD, 8080), (a.AMBIGUOUS, SHARED, POD)),
        (Row(OUTSIDE, POD, 8080, named=A), (a.VIP_ENDPOINT, A, POD)),
        (Row(OUTSIDE, VIP_A, 80), (a.VIP, A, -1)),
        (Row(OUTSIDE, VIP_A, 8080), (a.NO_SERVICE, -1, -1)),
        (Row(OUTSIDE, VIP_A, 80, UDP), (a.NO_SERVICE, -1, -1)),
        (Row(OUTSIDE, VIP_A, 80, named=A), (a.VIP, A, -1)),
        (Row(OUTSIDE, AMBIGUOUS, 8080, named=A), (a.VIP, A, -1)),
        (Row(OUTSIDE, NODE, 30080), (a.NODE_PORT, A, -1)),
        (Row(OUTSIDE, NODE, 30080, named=A), (a.NODE_PORT, A, -1)),
        (Row(OUTSIDE, NODE, 8080, named=A), (a.VIP_ENDPOINT, A, NODE)),
        (Row(OUTSIDE, NODE, 30081), (a.NO_SERVICE, -1, -1)),
        (Row(OUTSIDE, NODE, 30080, UDP), (a.NO_SERVICE, -1, -1)),
        (Row(OUTSIDE, POD, 7070), (a.OTHER_PORT, ELSEWHERE, POD)),
        (Row(OUTSIDE, POD, 9090, UDP), (a.OTHER_PORT, ELSEWHERE, POD)),
        (Row(OUTSIDE, POD, -1), (a.NO_SERVICE, -1, -1)),
        (Row(OUTSIDE, POD, -1, ICMP), (a.NO_SERVICE, -1, -1)),
        (Row(OUTSIDE, OTHER_POD, 8080), (a.ENDPOINT, C, OTHER_POD)),
        (Row(OUTSIDE, LONELY, 8080), (a.NO_SERVICE, -1, -1)),
        (Row(OUTSIDE, LONELY, 8080, named=C), (a.VIP_ENDPOINT, C, LONELY)),
        (Row(OUTSIDE, POD, 9090, judge=0), (a.LEFT_OUT, -1, -1)),
        (Row(OUTSIDE, POD, 9090, judge=2), (a.UNKNOWN_INITIATOR, -1, -1)),
        (Row(OUTSIDE, POD, 9090, observed=2), (a.REFUSED, -1, -1)),
        (Row(OUTSIDE, POD, 9090, observed=4), (a.REFUSED, -1, -1)),
        (Row(OUTSIDE, POD, 9090, observed=0, verdict=a.DENY), (a.REFUSED, -1, -1)),
        (Row(OUTSIDE, POD, 9090, observed=0, verdict=a.UNKNOWN), (a.ENDPOINT, B, POD)),
        (Row(OUTSIDE, POD, 9090, observed=1, verdict=a.DENY), (a.ENDPOINT, B, POD)),
        (Row(OUTSIDE, POD, 9090, observed=3, verdict=a.DENY), (a.ENDPOINT, B, POD)),
    ],
)
def test_every_row_has_one_class(row: Row, expected: tuple[int, int, int]) -> None:
    assert attributed(row) == expected


def test_the_classes_add_up_to_the_records() -> None:
    rows = [
        Row(OUTSIDE, dst, port, judge=j) for dst in range(10) for port in (80, 8080, 9090) for j in (0, 1, 2)
    ]
    totals = ordered(table_of(*rows)).totals
    assert totals.sum() == 60
    assert totals[a.LEFT_OUT] == 0
    assert totals[a.UNKNOWN_INITIATOR] == 30


def test_a_named_target_port_of_two_numbers() -> None:
    """One pod serves ``http`` on 8080, the other on 9090; each other's number is no port of the Service."""
    ports = [PortSpec(0, 80, {BEGINNING: [(POD, 8080), (OTHER_POD, 9090)]})]
    counting = make_counting_tables(ports, ENDPOINTS, {})
    table = Tally()
    rows = [Row(OUTSIDE, POD, 8080)] * 10 + [Row(OUTSIDE, OTHER_POD, 9090)] * 10
    count(table, counting, *make_batch([*rows, *[Row(OUTSIDE, POD, 9090)] * 5]))
    counts = take_apart_backends(ordered(table))
    found = {
        (w, b): c
        for w, b, c in zip(*(x.tolist() for x in counts[:2]), counts.connections.tolist(), strict=True)
    }
    elsewhere = 1 + 2
    assert found == {(0, POD): 10, (0, OTHER_POD): 10, (elsewhere, POD): 5}
    assert ordered(table).totals[a.OTHER_PORT] == 5


def test_a_repeated_report_is_a_record_and_no_connection() -> None:
    counts = take_apart_backends(
        ordered(table_of(*(Row(OUTSIDE, POD, 9090, counted=c, flow_count=3) for c in (1, 0, 0))))
    )
    assert counts.connections.tolist() == [3]
    assert counts.bytes_.tolist() == [30]
    assert counts.packets.tolist() == [6]


def test_of_the_reports_of_both_ends_the_greater_counts() -> None:
    rows = [Row(POD, OTHER_POD, 8080, point=p, bytes_=b) for p, b in ((1, 5), (1, 5), (2, 7), (2, 7), (2, 1))]
    entries = ordered(table_of(*rows))
    counts = take_apart_backends(entries)
    assert counts.connections.tolist() == [3]
    assert counts.bytes_.tolist() == [15]
    assert take_apart_clients(entries).connections.tolist() == [3]
    assert counts.place.tolist() == [a.SAME_ZONE]


VERSIONS = [
    PortSpec(0, 80, {BEGINNING: [(POD, 8080)]}),
    PortSpec(1, 80, {BEGINNING: [(POD, 8080)]}),
    PortSpec(2, 80, {BEGINNING: [(POD, 8080)]}),
]
"""Three versions of one Service; the last is of another kind, and began when the second ended."""
LIVES = {0: (BEGINNING, 100), 1: (50, 200), 2: (200, 300)}


@pytest.mark.parametrize(
    ("at", "expected"),
    [(0, (a.ENDPOINT, 1)), (70, (a.ENDPOINT, 1)), (200, (a.ENDPOINT, 2)), (300, (a.OTHER_PORT, 6))],
)
def test_versions_of_a_service_are_told_apart_by_the_time(at: int, expected: tuple[int, int]) -> None:
    counting = make_counting_tables(VERSIONS, ENDPOINTS, {}, same={0: 1}, lives=LIVES)
    found = count(Tally(), counting, *make_batch([Row(OUTSIDE, POD, 8080, seen_at=at)]))
    assert (int(found.class_[0]), int(found.what[0])) == expected


def test_versions_that_differ_and_may_both_have_been_there_are_ambiguous() -> None:
    counting = make_counting_tables(VERSIONS, ENDPOINTS, {}, lives=LIVES)
    found = count(Tally(), counting, *make_batch([Row(OUTSIDE, POD, 8080, seen_at=70)]))
    assert (int(found.class_[0]), int(found.what[0])) == (a.AMBIGUOUS, 3)


def test_a_backend_outside_is_nobody_in_particular() -> None:
    """Its endpoint stands for a range of addresses, and not all of them serve."""
    counting = make_counting_tables([PortSpec(0, 443, {BEGINNING: [(OUTSIDE, 443)]})], ENDPOINTS, {})
    rows = [Row(POD, OUTSIDE, 443), Row(POD, OUTSIDE, 443, named=0)]
    found = count(Tally(), counting, *make_batch(rows))
    assert found.class_.tolist() == [a.NO_SERVICE, a.VIP_ENDPOINT]


def test_segments_origins_and_places() -> None:
    rows = [
        Row(NODE, OTHER_POD, 8080, seen_at=9 * MINUTE),
        Row(NODE, OTHER_POD, 8080, seen_at=10 * MINUTE),
        Row(THIRD_POD, OTHER_POD, 8080, seen_at=10 * MINUTE),
        Row(OUTSIDE, OTHER_POD, 8080, seen_at=10 * MINUTE),
        Row(NODE, POD, 9090, named=B),
    ]
    entries = ordered(table_of(*rows))
    counts = take_apart_backends(entries)
    found = Counter(zip(counts.what.tolist(), counts.segment.tolist(), counts.origin.tolist(), strict=True))
    assert found == {(C, 2, 0): 1, (C, 3, 0): 1, (C, 3, 2): 1, (C, 3, 3): 1, (B, 1, -1): 1}
    places = (a.SAME_ZONE, a.SAME_ZONE, a.OTHER_ZONE, a.NO_SINGLE_SENDER, a.SAME_NODE)
    assert sorted(counts.place.tolist()) == sorted(places)


def test_clients_are_single_senders() -> None:
    rows = [
        *[Row(POD, OTHER_POD, 8080, seen_at=t, flow_count=2) for t in (7, 3, 5)],
        Row(OUTSIDE, OTHER_POD, 8080),
        Row(UNRESOLVED, OTHER_POD, 8080),
        Row(POD, VIP_A, 80, seen_at=4),
        Row(POD, OTHER_POD, 8080, counted=0),
        Row(POD, POD, 7070),
    ]
    found = take_apart_clients(ordered(table_of(*rows)))
    listed = {tuple(int(column[i]) for column in found) for i in range(len(found.what))}
    assert listed == {
        (C, POD, OTHER_POD, 6, 3, 7),
        (A, POD, -1, 1, 4, 4),
    }


UNVARIED = ("protocol", "judge", "observed", "verdict", "named", "packets")
ROWS = st.lists(
    st.builds(
        Row,
        src=st.sampled_from([POD, OTHER_POD, THIRD_POD, NODE, OUTSIDE]),
        dst=st.sampled_from([POD, OTHER_POD, VIP_A, NODE, LONELY]),
        port=st.sampled_from([80, 8080, 9090, 30080]),
        flow_count=st.integers(0, 3),
        bytes_=st.integers(0, 10**12),
        seen_at=st.integers(-(10**10), 10**10),
        counted=st.integers(0, 1),
        point=st.integers(0, 4),
        **{name: st.just(Row(0, 0)._asdict()[name]) for name in UNVARIED},
    ),
    max_size=50,
)


BOUNDS = st.builds(Bounds, *(st.sampled_from([2, 4, 8, 16]),) * 2)
Sums = dict[tuple[int, ...], list[int]]


def as_dictionary(rows: list[Row]) -> Sums:
    """(what, backend, point) -> connections, bytes."""
    found: Sums = defaultdict(lambda: [0, 0])
    attributed = count(Tally(), SETTING, *make_batch(rows))
    for row, what, backend in zip(rows, attributed.what.tolist(), attributed.backend.tolist(), strict=True):
        if what >= 0:
            sums = found[what, backend, row.point]
            sums[0] += row.flow_count * row.counted
            sums[1] += row.bytes_
    return found


def read(entries: TallyEntries) -> Sums:
    found: Sums = defaultdict(lambda: [0, 0])
    for row, connections in zip(entries.backends.tolist(), entries.by_time.sum(axis=0).tolist(), strict=True):
        sums = found[key_of(row)]
        sums[0] += connections
        sums[1] += row[a.LOAD_BYTES]
    return found


def key_of(row: list[int]) -> tuple[int, ...]:
    """(what, backend, point)."""
    return (row[a.ONE] >> 32) - 1, (row[a.ONE] & 0xFFFFFFFF) - 1, row[a.TWO] & 7


def by_time(rows: list[Row], level: int) -> Counter[tuple[int, ...]]:
    """(what, backend, point, minute >> level) -> connections."""
    found: Counter[tuple[int, ...]] = Counter()
    attributed = count(Tally(), SETTING, *make_batch(rows))
    for row, what, backend in zip(rows, attributed.what.tolist(), attributed.backend.tolist(), strict=True):
        if what >= 0:
            found[what, backend, row.point, (row.seen_at // MINUTE) >> level] += row.flow_count * row.counted
    return found


def read_time(entries: TallyEntries) -> Counter[tuple[int, ...]]:
    found: Counter[tuple[int, ...]] = Counter()
    for bucket, counts in zip(entries.buckets.tolist(), entries.by_time, strict=True):
        for row, connections in zip(entries.backends.tolist(), counts.tolist(), strict=True):
            found[*key_of(row), bucket] += connections
    return found


@settings(deadline=None, max_examples=60)
@given(ROWS)
def test_the_load_is_counted_as_in_a_dictionary(rows: list[Row]) -> None:
    entries = ordered(table_of(*rows))
    assert entries.levels.tolist() == [0, 0]
    assert read(entries) == as_dictionary(rows)
    assert read_time(entries) == by_time(rows, 0)
    assert entries.totals.sum() == len(rows)


@settings(deadline=None, max_examples=60)
@given(ROWS, BOUNDS)
def test_too_many_buckets_become_wider_ones(rows: list[Row], bounds: Bounds) -> None:
    entries = ordered(table_of(*rows, bounds=bounds))
    level = int(entries.levels[0])
    assert read(entries) == as_dictionary(rows)
    assert read_time(entries) == by_time(rows, level)
    room = 2
    while room < len(entries.backends):
        room *= 2
    allowed = max(2, bounds.cells // room)
    assert len(entries.buckets) <= allowed
    narrower = {key[-1] for key in by_time(rows, level - 1)} if level else set()
    assert level == 0 or len(narrower) > allowed


def test_buckets_that_become_one_leave_nothing_behind() -> None:
    """Four rows, of which two are free again whenever all buckets have become twice as wide."""
    table = Tally(Bounds(4, 8), 2)
    for minute in range(20):
        row = Row(OUTSIDE, POD, 9090, seen_at=minute * MINUTE, flow_count=1 + minute)
        count(table, SETTING, *make_batch([row]))
    entries = ordered(table)
    assert entries.levels.tolist() == [3, 0]
    assert entries.by_time.T.tolist() == [[36, 100, 74]]


@settings(deadline=None, max_examples=60)
@given(st.lists(ROWS, min_size=1, max_size=4), BOUNDS, st.randoms())
def test_the_order_of_counting_and_merging_does_not_matter(
    parts: list[list[Row]], bounds: Bounds, chosen: object
) -> None:
    whole = ordered(table_of(*(row for rows in parts for row in rows), bounds=bounds))
    shuffled = list(parts)
    chosen.shuffle(shuffled)  # type: ignore[attr-defined]
    merged = Tally(bounds, 2)
    for rows in shuffled:
        merged.merge(unpack(pack(table_of(*rows, bounds=bounds).entries())))
    for one, other in zip(ordered(merged), whole, strict=True):
        assert one.tolist() == other.tolist()


@settings(deadline=None, max_examples=60)
@given(ROWS)
def test_connections_by_time_add_up(rows: list[Row]) -> None:
    counts = take_apart_backends(ordered(table_of(*rows)))
    assert counts.by_time.sum(axis=1).tolist() == counts.connections.tolist()


def test_a_table_of_clients_that_would_grow_too_large_keeps_a_sample() -> None:
    endpoints = make_endpoints([a.KIND_POD] * 3600)
    counting = make_counting_tables([PortSpec(0, 80, {BEGINNING: [(0, 80)]})], endpoints, {})
    rows = [Row(src, 0, 80, seen_at=src) for src in range(3600)]
    table = Tally(WIDE, 8)
    count(table, counting, *make_batch(rows))
    entries = ordered(table)
    level = int(entries.levels[1])
    kept = take_apart_clients(entries)
    assert level == 2
    assert len(kept.client) << level == pytest.approx(3600, rel=0.1)
    assert set(kept.connections.tolist()) == {1}
