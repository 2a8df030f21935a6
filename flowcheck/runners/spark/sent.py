"""What driver and executors tell each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from flowcheck.errors import FlowcheckError
from flowcheck.runners.merged import Sums
from flowcheck.runners.messages import Failed, Inspect, Inspected, Judge, JudgedTask, Part, Setup


class Broadcast(Protocol):
    """Bytes that Spark brings to each executor once."""

    @property
    def value(self) -> bytes: ...


class Counter(Protocol):
    """What Spark adds up for the driver to look at."""

    def add(self, term: int) -> None: ...


class Run(NamedTuple):
    """What every task of a run is given. ``key`` tells it from others; ``program``: what is judged by;
    ``room``: what sums of load begin with; ``rows``: those that were judged, about."""

    version: str
    key: str
    setup: Setup
    program: Broadcast
    cache: bool
    room: int
    rows: Counter


class Given(NamedTuple):
    """An order. ``name``: of its file, as results have it; ``hashed``: whether its SHA-256 is wanted."""

    order: Inspect | Judge
    name: str
    hashed: bool = False


class Outcome(NamedTuple):
    """What came of an order: the bytes of its part, of its violations, empty where there are none."""

    order: Inspect | Judge
    answer: Inspected | JudgedTask | Failed
    part: bytes = b""
    violations: bytes = b""
    sha256: str | None = None


class Told(NamedTuple):
    """What the driver is told of a task whose sums were added: ``part`` without what is among these;
    ``spans`` as :meth:`Merged.take` gives them; ``at``: the partition that has its violations."""

    order: Judge
    part: Part
    spans: Sequence[tuple[int, int]]
    at: int


class Added(NamedTuple):
    """What some tasks came to, all of it or what is in the way of that: files that failed meanwhile, or an
    error that ends the run."""

    sums: Sums | None
    told: list[Told]
    failed: list[Failed]
    error: FlowcheckError | None = None
