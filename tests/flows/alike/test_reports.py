"""Rows settled by the thousand are settled as row by row."""

from __future__ import annotations

import random

import msgspec
import pytest

from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.alike.ends import Ends
from flowcheck.flows.logs.alike.gathered import Gathered
from flowcheck.flows.logs.alike.marks import BASE, DST_PORT, SRC_PORT, told_of
from flowcheck.flows.logs.alike.prototypes import Prototypes
from flowcheck.flows.logs.alike.reports import NONE, Settler
from flowcheck.flows.logs.counting.connections import Connections
from flowcheck.flows.logs.rows import Row

SECOND = 1_000_000


def some_rows(dice: random.Random, start: int) -> list[Row]:
    """Rows of few ends and ports, so that many are of one connection."""
    rows = []
    for number in range(60):
        known = dice.random() < 0.6
        src, dst = dice.sample(["192.0.2.1", "192.0.2.2", "2001:db8::1"], 2)
        row = Row(
            record=number,
            start_time=start + dice.randrange(90) * SECOND,
            src_ip=src,
            dst_ip=dst,
            src_port=dice.choice([None, 40000, 40001]),
            dst_port=80,
            protocol=dice.choice([6, 17]),
            initiator=1 if known else 0,
            action=0,
            observation_point=dice.randrange(5),
        )
        if row.src_port is not None and dice.random() < 0.3:
            row.src_port, row.dst_port, row.initiator = 80, row.src_port, 0
        rows.append(row)
    return rows


def add(gathered: Gathered, prototypes: Prototypes, ends: Ends, row: Row, rank: int = 0) -> None:
    rest, ports = msgspec.structs.replace(row, src_port=None, dst_port=None), (row.src_port, row.dst_port)
    told = list(told_of(rest, ends).constants)
    told[BASE] = prototypes.number(rest, rank)
    told[SRC_PORT], told[DST_PORT] = (-1 if port is None else port for port in ports)
    gathered.add(row.record, row.start_time, told)


@pytest.mark.parametrize("seed", range(30))
def test_openers_and_counts_are_those_of_connections(seed: int) -> None:
    dice = random.Random(seed)
    prototypes, ends, slow, account = Prototypes(), Ends(), Connections(), Account()
    settler = Settler(prototypes, ends)
    for block in range(4):
        rows = some_rows(dice, block * 100 * SECOND)
        ranks = [dice.randrange(3) for _ in rows]
        gathered = Gathered(account)
        for row, rank in zip(rows, ranks, strict=True):
            add(gathered, prototypes, ends, row, rank)
        batch = settler.batch(gathered.merged(NONE), account)
        slow.settle(rows, ranks)
        told = ("src_ip", "src_port", "dst_ip", "dst_port", "initiator", "observation_point")
        told = (*told, "flow_count", "flow_count_here")
        found = [{name: row[name] for name in told} for row in batch.to_pylist()]
        assert found == [{name: getattr(row, name) for name in told} for row in rows]


def test_what_was_long_ago_is_forgotten_and_nothing_else() -> None:
    prototypes, ends, account = Prototypes(), Ends(), Account()
    settler = Settler(prototypes, ends)
    counts = []
    for block in range(60):
        gathered = Gathered(account)
        for number in range(2000):
            add(
                gathered,
                prototypes,
                ends,
                Row(
                    record=number,
                    start_time=block * 50 * SECOND,
                    src_ip="192.0.2.1",
                    dst_ip="192.0.2.2",
                    src_port=number % 1000 + (0 if number < 1000 else 1000 + block * 1000 % 50000),
                    dst_port=80,
                    protocol=6,
                    initiator=1,
                ),
            )
        batch = settler.batch(gathered.merged(NONE), account)
        counts.append(sum(batch.column("flow_count").to_pylist()[:1000]))
    assert counts == [1000, *[0] * 59]


def test_one_connection_told_in_either_direction_by_none_that_knows_is_counted_once() -> None:
    prototypes, ends, account = Prototypes(), Ends(), Account()
    gathered = Gathered(account)
    one = {"src_ip": "192.0.2.1", "src_port": 4000, "dst_ip": "192.0.2.2", "dst_port": 5000}
    other = {"src_ip": "192.0.2.2", "src_port": 5000, "dst_ip": "192.0.2.1", "dst_port": 4000}
    for number, (told, point) in enumerate([(one, 1), (other, 2), (other, 1)]):
        row = Row(record=number, start_time=number, protocol=17, observation_point=point, **told)  # type: ignore[arg-type]
        add(gathered, prototypes, ends, row)
    batch = Settler(prototypes, ends).batch(gathered.merged(NONE), account)
    assert batch.column("initiator").to_pylist() == [0, 0, 0]
    assert batch.column("flow_count").to_pylist() == [1, 0, 0]
    assert batch.column("flow_count_here").to_pylist() == [1, 0, 1]
