"""A tunnel counts no connections where a mesh's proxies reported what was in it."""

from __future__ import annotations

import numpy as np
import pytest

from flowcheck import arrays as a
from flowcheck.arrays import Int64
from flowcheck.flows.logs.counting.connections import GAP
from flowcheck.results.reported import by_edge, fold_reports
from flowcheck.results.tunnels import carried_once

PLUGIN, PROXY, OTHER_PROXY = 2, 6, 5
WEB_TO_DB, WEB_TO_API = 7, 8
HOUR = 3600 * 1_000_000


def entry(
    port: int,
    point: int,
    flows: int,
    *,
    pair: int = WEB_TO_DB,
    first: int = 0,
    last: int = HOUR,
    protocol: int = 6,
) -> list[int]:
    """Two records for each connection, of 100 bytes."""
    service = 1 << a.AT_USED | protocol << a.AT_PROTOCOL | port + 1 | point << a.AT_POINT
    return [pair, 1, service, 2 * flows, flows, 100 * flows, first, last]


def settled(*entries: list[int]) -> tuple[list[tuple[int, int, int]], int]:
    """Of each entry connections, bytes and records; and the records of tunnels that count none."""
    found, tunnels = carried_once(np.array(entries, dtype=np.int64))
    columns = found[:, [a.FLOWS, a.BYTES, a.RECORDS]].tolist()
    return [(flows, bytes_, records) for flows, bytes_, records in columns], tunnels


def test_a_tunnel_keeps_its_records_alone() -> None:
    found, tunnels = settled(entry(15008, PLUGIN, 3), entry(8080, PROXY, 40), entry(8080, OTHER_PROXY, 38))
    assert found == [(0, 0, 6), (40, 4000, 80), (38, 3800, 76)]
    assert tunnels == 6


@pytest.mark.parametrize(
    "inside",
    [
        entry(8080, PLUGIN, 40),
        entry(8080, PROXY, 40, pair=WEB_TO_API),
        entry(8080, PROXY, 40, first=2 * HOUR, last=3 * HOUR),
        entry(8080, PROXY, 40, protocol=17),
        entry(15008, PROXY, 40),
    ],
    ids=["no proxy's", "other workloads", "another time", "not TCP", "a waypoint's tunnel"],
)
def test_a_tunnel_counts_where_nobody_told_what_was_in_it(inside: list[int]) -> None:
    found, tunnels = settled(entry(15008, PLUGIN, 3), inside)
    assert found[0] == (3, 300, 6)
    assert tunnels == 0


def test_times_may_differ_by_as_much_as_two_records_of_a_connection() -> None:
    inside = entry(8080, PROXY, 40, first=HOUR + GAP, last=2 * HOUR)
    assert settled(entry(15008, PLUGIN, 3), inside)[1] == 6
    inside = entry(8080, PROXY, 40, first=HOUR + GAP + 1, last=2 * HOUR)
    assert settled(entry(15008, PLUGIN, 3), inside)[1] == 0


def test_what_came_in_is_left_as_it_was() -> None:
    entries: Int64 = np.array([entry(15008, PLUGIN, 3), entry(8080, PROXY, 40)], dtype=np.int64)
    carried_once(entries)
    assert entries[:, a.FLOWS].tolist() == [3, 40]
    assert carried_once(entries[:0])[1] == 0


def test_beside_a_proxy_the_plugin_reports_the_same_connections() -> None:
    both = np.array([entry(8080, PLUGIN, 10), entry(8080, PROXY, 10)], dtype=np.int64)
    assert fold_reports(by_edge(both))[:, [a.FLOWS, a.RECORDS]].tolist() == [[10, 40]]
