"""Single connections of the third sample's hour, which each of its logs tells in its own way."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from flowcheck.demo.mesh.talk import PODS, TALKS, Talk

SEED = 20260414
BEGIN = datetime(2026, 4, 14, 10, 0, tzinfo=UTC)


class Connection(NamedTuple):
    """``number`` is its own in the hour. ``sent``, ``received``: bytes of its client."""

    number: int
    talk: Talk
    at: datetime
    src: str
    dst: str
    src_port: int
    duration: timedelta
    sent: int
    received: int

    @property
    def src_address(self) -> str:
        return PODS[self.src].address if self.src in PODS else self.src

    @property
    def dst_address(self) -> str:
        return PODS[self.dst].address


def connections() -> list[Connection]:
    """In the order in which they began."""
    dice = random.Random(SEED)
    found = sorted((one for talk in TALKS for one in _of(talk, dice)), key=lambda one: one.at)
    return [one._replace(number=number) for number, one in enumerate(found, 1)]


def _of(talk: Talk, dice: random.Random) -> Iterator[Connection]:
    for dst, count in talk.destinations.items():
        for place in range(count):
            sent, received = (0, 0) if talk.refused else (dice.randrange(200, 900), dice.randrange(900, 9000))
            yield Connection(
                number=0,
                talk=talk,
                at=BEGIN + timedelta(milliseconds=dice.randrange(3_600_000)),
                src=talk.sources[place % len(talk.sources)],
                dst=dst,
                src_port=dice.randrange(32768, 61000),
                duration=timedelta(milliseconds=dice.randrange(2, 90)),
                sent=sent,
                received=received,
            )


def text(at: datetime, timespec: str = "milliseconds") -> str:
    return at.isoformat(timespec=timespec).replace("+00:00", "Z")
