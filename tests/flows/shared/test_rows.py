"""Rows of records: what fits no column costs its row, and connections are counted once."""

from __future__ import annotations

from typing import Any

import pytest

from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.counting.connections import GAP, Connections
from flowcheck.flows.logs.rows import Row, batch_of
from flowcheck.flows.logs.values.addresses import canonical_address
from flowcheck.flows.logs.values.times import microseconds_of, unit_of

NOON = 1_773_144_000_000_000


def row(number: int = 0, **columns: Any) -> Row:
    whole = {"src_ip": "10.0.0.1", "dst_ip": "10.0.0.2", "src_port": 40000, "dst_port": 443, "protocol": 6}
    return Row(record=number, **{"start_time": NOON + number, **whole, **columns})


def rejections(*rows: Row) -> dict[str, list[int]]:
    account = Account()
    account.read(len(rows))
    account.rows += batch_of(rows, account).num_rows
    assert account.balanced
    return account.first


def test_a_value_that_fits_no_column_costs_its_row_and_the_first_reason_is_told() -> None:
    assert rejections(
        row(0),
        row(1, src_port=65536),
        row(2, dst_port=-1),
        row(3, src_ip="10.0.0.256"),
        row(4, protocol=None),
        row(5, bytes=1 << 70),
        row(6, start_time="yesterday"),
        row(7, dst_ip=None),
        row(8, dst_ip=None, dst_namespace="shop", dst_pod="db-0"),
        row(9, protocol=256, dst_port=-5),
        row(10, dst_ip=None, dst_namespace="shop"),
    ) == {
        "bad_src_port": [1],
        "bad_dst_port": [2, 9],
        "bad_src_ip": [3],
        "bad_protocol": [4],
        "bad_bytes": [5],
        "bad_start_time": [6],
        "bad_dst_ip": [7, 10],
    }


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:DB8::0:1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("010.0.0.1", None),
        ("pub", None),
    ],
)
def test_an_address_has_one_form(text: str, address: str | None) -> None:
    assert canonical_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-10T12:00:00Z",
        "2026-03-10T12:00:00.000000Z",
        "2026-03-10T12:00:00.000000999Z",
        "2026-03-10T13:00:00+01:00",
        "2026-03-10 12:00:00",
        "2026-03-10T12:00:00.0",
    ],
)
def test_times_are_read_alone_and_among_others(text: str) -> None:
    assert microseconds_of([text]) == ([NOON], [])
    mixed, wrong = microseconds_of([text, None, "2026-03-10T12:00:00.5Z", NOON, "no time", "1-1-1"])
    assert mixed == [NOON, None, NOON + 500_000, NOON, None, None]
    assert wrong == [4, 5]


def test_a_unit_is_told_where_only_one_is_likely() -> None:
    found = [unit_of(n) for n in (NOON / 1e6, NOON / 1e3, NOON, NOON * 1e3, 12.0, 5e10)]
    assert found == ["s", "ms", "us", "ns", "", ""]


def counts(*rows: Row, ranks: list[int] | None = None) -> list[tuple[int | None, int | None]]:
    Connections().settle(rows, ranks)
    return [(one.flow_count, one.flow_count_here) for one in rows]


def test_a_connection_is_counted_once_and_once_at_each_point() -> None:
    rows = [row(n, observation_point=point) for n, point in enumerate((1, 1, 2, 2))]
    assert counts(*rows) == [(1, 1), (0, 0), (0, 1), (0, 0)]


def test_the_record_that_stands_for_a_connection_counts_it_though_it_comes_later() -> None:
    assert counts(row(0), row(1), row(2), ranks=[0, 2, 1]) == [(0, 0), (1, 1), (0, 0)]


def test_a_five_tuple_is_used_again_after_a_while() -> None:
    assert counts(row(0), row(GAP), row(2 * GAP + 1)) == [(1, 1), (0, 0), (1, 1)]
    later = [row(0), row(2 * GAP)]
    assert counts(*later, ranks=[0, 5]) == [(1, 1), (1, 1)]


def test_what_was_counted_before_is_not_counted_again() -> None:
    connections = Connections()
    first, second = [row(0)], [row(GAP // 2)]
    connections.settle(first)
    connections.settle(second)
    assert (first[0].flow_count, second[0].flow_count) == (1, 0)


def test_a_row_that_says_how_many_it_stands_for_is_left_alone() -> None:
    one = row(0, flow_count=7, flow_count_here=7)
    assert counts(one, row(1)) == [(7, 7), (1, 1)]


SYN, SYN_ACK, ACK = 0x02, 0x12, 0x10


def test_flags_and_pairs_tell_who_opened_a_connection() -> None:
    back = {"src_ip": "10.0.0.2", "dst_ip": "10.0.0.1", "src_port": 443, "dst_port": 40000}
    rows = [
        row(0, **back, tcp_flags=ACK, bytes=10, bytes_reverse=3),  # known by what comes after it
        row(1, tcp_flags=SYN),
        row(2, **back, tcp_flags=SYN_ACK),
        row(3, tcp_flags=ACK),
        row(4, tcp_flags=ACK, src_port=40001),
    ]
    Connections().settle(rows)
    assert [one.initiator for one in rows] == [2, 1, 2, 1, None]
    assert {(one.src_ip, one.dst_port) for one in rows} == {("10.0.0.1", 443)}
    assert (rows[0].bytes, rows[0].bytes_reverse) == (3, 10)
    assert [one.flow_count for one in rows] == [1, 0, 0, 0, 1]
