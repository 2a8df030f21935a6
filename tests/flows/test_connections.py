"""Connections of records: who opened them, and which record counts them."""

from __future__ import annotations

from typing import Any

from flowcheck.flows.logs.counting.connections import Connections
from flowcheck.flows.logs.rows import Row

SYN, ACK = 0x02, 0x10
SECOND = 1_000_000


def _row(seconds: float, port: int = 40_000, flags: int | None = ACK, **fields: Any) -> Row:
    whole = {
        **{"src_ip": "10.0.0.1", "src_port": port, "dst_ip": "10.0.0.2", "dst_port": 80},
        **{"protocol": 6, "tcp_flags": flags, "start_time": int(seconds * SECOND), "observation_point": 1},
    }
    return Row(record=0, **whole | fields)


def _reply(seconds: float, port: int = 40_000, flags: int | None = ACK, **fields: Any) -> Row:
    turned = {"src_ip": "10.0.0.2", "src_port": 80, "dst_ip": "10.0.0.1", "dst_port": port}
    return _row(seconds, flags=flags, **turned | fields)


def _settled(*batches: list[Row]) -> list[Row]:
    connections = Connections()
    for batch in batches:
        connections.settle(batch)
    return [row for batch in batches for row in batch]


def test_a_connection_stays_known_while_its_records_follow_one_another() -> None:
    rows = _settled([_row(0, flags=SYN), _row(50), _reply(100)], [_row(150), _reply(290)])
    assert [row.initiator for row in rows] == [1, 1, 2, 1, None]
    assert [row.flow_count for row in rows] == [1, 0, 0, 0, 1]


def test_a_quiet_log_of_hours_is_told_as_well_as_a_busy_one() -> None:
    opened = [_row(600 * n, 41_000 + n, SYN) for n in range(20)]
    answers = [_reply(600 * n + 1, 41_000 + n) for n in range(20)]
    rows = _settled([row for pair in zip(opened, answers, strict=True) for row in pair])
    assert [row.initiator for row in rows] == [1, 2] * 20
    assert [row.flow_count for row in rows] == [1, 0] * 20


def test_either_direction_is_one_connection_though_nothing_tells_who_opened_it() -> None:
    udp = {"protocol": 17, "flags": None}
    rows = _settled([_row(0, **udp), _reply(1, **udp, observation_point=2)])
    assert [row.initiator for row in rows] == [None, None]
    assert [(row.flow_count, row.flow_count_here) for row in rows] == [(1, 1), (0, 0)]


def test_who_saw_a_reply_is_turned_round_with_its_ends() -> None:
    rows = _settled([_row(0, flags=SYN), _reply(0, flags=SYN | ACK), _reply(1)])
    assert [row.observation_point for row in rows] == [1, 2, 2]


def test_the_first_packet_opens_where_only_packets_that_ask_are_logged() -> None:
    udp = {"protocol": 17, "flags": None}
    rows = [_row(0, **udp), _reply(1, **udp), _reply(200, **udp)]
    Connections(frozenset({17})).settle(rows)
    assert [(row.src_ip, row.initiator) for row in rows] == [
        ("10.0.0.1", 1),
        ("10.0.0.1", 2),
        ("10.0.0.2", 1),
    ]
