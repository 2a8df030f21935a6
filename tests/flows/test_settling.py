"""Connections column by column, held against the same told record by record."""

from __future__ import annotations

import random

import numpy as np
import pytest

from flowcheck.flows.logs.counting.connections import GAP
from flowcheck.flows.logs.counting.settling import Settling

Record = tuple[int, int, int, int, int, int, int]
"""Source, destination, source port, destination port, microseconds, initiator, observation point."""


class Connection:
    def __init__(self) -> None:
        self.opener: tuple[int, int] | None = None
        self.opened: int | None = None
        self.seen: int | None = None
        self.points: set[tuple[int, object]] = set()
        self.first: dict[tuple[int, int], object] = {}


def ends_of(record: Record) -> tuple[tuple[int, int], tuple[int, int]]:
    src, dst, src_port, dst_port, *_ = record
    return (src, src_port), (dst, dst_port)


def seen_from(record: Record) -> object:
    """The end that saw it, or what else the point says."""
    return dict(zip((1, 2), ends_of(record), strict=True)).get(record[6], record[6])


def settled_slowly(batches: list[list[Record]]) -> list[tuple[int, int, int, int]]:
    known: dict[frozenset[tuple[int, int]], Connection] = {}
    found = []
    for batch in batches:
        for record in batch:
            connection = known.setdefault(frozenset(ends_of(record)), Connection())
            if record[5]:
                connection.opener = ends_of(record)[record[5] - 1]
                connection.opened = max(record[4], connection.opened or record[4])
        for record in batch:
            connection, at = known[frozenset(ends_of(record))], record[4]
            initiator = record[5]
            if not initiator and connection.opened is not None and abs(at - connection.opened) <= GAP:
                initiator = 1 if connection.opener == ends_of(record)[0] else 2
                connection.opened = max(at, connection.opened)
            if connection.seen is None or abs(at - connection.seen) > GAP:
                connection.points, connection.first = set(), {}
            direction, point = ends_of(record)[0], seen_from(record)
            first = connection.first.setdefault(direction, point)
            found.append(
                (
                    initiator,
                    int(not connection.points),
                    int((0, point) not in connection.points),
                    int(first == point),
                )
            )
            connection.points.add((0, point))
            connection.seen = at if connection.seen is None else max(connection.seen, at)
    return found


def settled_fast(batches: list[list[Record]]) -> list[tuple[int, int, int, int]]:
    settling, found = Settling(), []
    for batch in batches:
        src, dst, src_port, dst_port, at, initiator, point = zip(*batch, strict=True)
        settled = settling.settle(
            np.array(src, np.uint64),
            np.array(dst, np.uint64),
            np.array(src_port, np.int32),
            np.array(dst_port, np.int32),
            np.full(len(src), 6, np.uint8),
            np.array(at, np.int64),
            np.array(initiator, np.uint8),
            np.array(point, np.uint8),
        )
        found += list(zip(*(column.tolist() for column in settled), strict=True))
    return found


@pytest.mark.parametrize("seed", range(20))
def test_any_records_come_out_as_one_by_one(seed: int) -> None:
    dice = random.Random(seed)
    at, batches = 0, []
    for _ in range(4):
        batch = []
        for _ in range(dice.randint(1, 600)):
            at += dice.choice([0, 0, 1000, 90_000, 20_000_000])
            src, dst = dice.sample(range(1, 5), 2)
            ports = dice.choice([(40_000, 80), (80, 40_000), (53, 53)])
            batch.append((src, dst, *ports, at, dice.choice([0, 0, 0, 1, 2]), dice.randrange(5)))
        batches.append(batch)
    assert settled_fast(batches) == settled_slowly(batches)


def test_who_opened_a_long_connection_is_known_as_long_as_it_is_reported() -> None:
    batch = [(1, 2, 40_000, 80, GAP * n // 2, int(n == 0), 1) for n in range(6)]
    assert settled_fast([batch[:3], batch[3:]]) == [(1, 1, 1, 1), *[(1, 0, 0, 1)] * 5]
    late = (1, 2, 40_000, 80, GAP * 4, 0, 1)
    assert settled_fast([batch, [late]])[-1] == (0, 1, 1, 1)


def test_more_connections_than_there_was_room_for_are_still_told_apart() -> None:
    batch = [(n, n + 1, 40_000, 80, n, 1, 1) for n in range(1, 5000)]
    assert settled_fast([batch, batch]) == [(1, 1, 1, 1)] * 4999 + [(1, 0, 0, 1)] * 4999


def test_a_log_without_end_needs_no_more_room_than_its_last_minute() -> None:
    settling, rows = Settling(), 1 << 16
    room = len(settling._known)
    for batch in range(12):
        first = batch * rows
        settled = settling.settle(
            np.arange(first, first + rows).astype(np.uint64),
            np.full(rows, 1 << 40, np.uint64),
            np.full(rows, 40_000, np.int32),
            np.full(rows, 80, np.int32),
            np.full(rows, 6, np.uint8),
            np.full(rows, batch * (GAP + 1), np.int64),
            np.ones(rows, np.uint8),
            np.ones(rows, np.uint8),
        )
        assert settled.once.all()
    assert len(settling._known) == room
