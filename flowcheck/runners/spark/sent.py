"""What driver and executors tell each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import pyarrow as pa

from flowcheck.errors import FlowcheckError
from flowcheck.flows.files.inputs import InputFile
from flowcheck.runners.messages import Failed, FileOrder, Inspected, Judge, JudgedTask, Looked, Part, Setup


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
    """An order. ``name``: of its file, as results have it; ``hashed``: whether its SHA-256 is wanted;
    ``stored``: the object of a store that is to be fetched for it."""

    order: FileOrder
    name: str
    hashed: bool = False
    stored: InputFile | None = None


Said = Inspected | Looked | JudgedTask | Failed
"""What a worker says of an order in the end."""


class Outcome(NamedTuple):
    """What came of an order: its part, :func:`packed`, and its violations, as files hold them; empty where
    there are none."""

    order: FileOrder
    answer: Said
    part: bytes = b""
    violations: bytes = b""
    sha256: str | None = None


class Found(NamedTuple):
    """The part of a task, :func:`packed`, that is not added up yet."""

    order: Judge
    part: bytes


class Told(NamedTuple):
    """What the driver is told of a task whose sums were added: ``part`` without what is among these;
    ``spans`` as :meth:`flowcheck.runners.merged.Merged.take` gives them."""

    order: Judge
    part: Part
    spans: Sequence[tuple[int, int]]


class Added(NamedTuple):
    """What some tasks came to, or what is in the way of that: files that ``failed`` meanwhile, or an
    ``error`` that ends the run. ``sums``: a :class:`flowcheck.runners.merged.Sums` as msgpack,
    :func:`packed`; ``parts``: what is not among the sums; ``violations``: bytes of them, by the
    partition that has them."""

    sums: bytes | None = None
    told: Sequence[Told] = ()
    parts: Sequence[Found] = ()
    failed: Sequence[Failed] = ()
    violations: Mapping[int, int] = {}
    error: FlowcheckError | None = None


def packed(content: bytes) -> bytes:
    """Most of it are sums with leading zeros, and it travels up to four times."""
    less: bytes = pa.Codec("lz4").compress(content, asbytes=True)
    return less


def unpacked(less: bytes) -> bytes:
    content: bytes = pa.input_stream(pa.py_buffer(less), compression="lz4").read()
    return content
