"""An object that is to become a local file, how far that is, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from flowcheck.stores.arrow import Object, Store
from flowcheck.stores.trouble import Trouble, trouble_of

CANNOT_FETCH = "cannot_fetch"
"""The reason of an object that could not be had."""
CHANGED = "changed while read"
SINCE = "changed since the audit began"
HINT = "read objects that are no longer written to"
RANGE = 8 << 20
"""Bytes of one request at the most."""

Span = tuple[int, int]


class Wanted(NamedTuple):
    """An object, as it was listed, and the file it is to become. ``look``: its footer first, where it is
    Parquet; ``hashed``: its SHA-256 is asked for."""

    number: int
    store: Store
    path: str
    size: int
    modified_ns: int
    target: Path
    look: bool = False
    hashed: bool = False


class News(NamedTuple):
    """What became of an object. ``looked_at``: its footer is there, and it waits for :meth:`Fetcher.go_on`.
    Else it is whole, or lost: ``reason`` and ``detail`` as the ledger has them, or the ``error`` of writing
    its file."""

    number: int
    looked_at: bool = False
    sha256: str | None = None
    reason: str = ""
    detail: str = ""
    error: OSError | None = None


@dataclass(slots=True)
class Fetch:
    """One object on its way. ``there``: the bytes that have come before :meth:`Fetcher.go_on`."""

    wanted: Wanted
    object: Object | None = None
    descriptor: int = -1
    there: list[Span] = field(default_factory=list)
    unread: Sequence[Span] = ()
    ranges: int = 0
    lost: bool = False
    lock: Lock = field(default_factory=Lock)


def missing(size: int, there: Sequence[Span]) -> Iterator[Span]:
    """What of an object's bytes is not among some spans of them, a request at a time."""
    at = 0
    for begin, end in [*sorted(there), (size, size)]:
        for first in range(at, begin, RANGE):
            yield first, min(first + RANGE, begin)
        at = max(at, end)


def gone_or(trouble: Trouble) -> Trouble:
    """What is missing was there a moment ago."""
    return Trouble(CHANGED, HINT) if trouble.message == trouble_of(FileNotFoundError()).message else trouble
