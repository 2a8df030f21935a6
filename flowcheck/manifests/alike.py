"""Parts of policies that are equal, read once: policies name the same peers and ports again and again.

Only of JSON, whose trees hold plain values alone; and only what nothing was wrong with, as a complaint tells
its place.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar, TypeVarTuple

import msgspec

from flowcheck.manifests.fields import Field

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
MOST_KEPT = 1 << 16
_encode = msgspec.msgpack.Encoder().encode
"""MessagePack, as JSON has one word for null and for numbers that are too large."""


def read_once(read: Callable[[Field, *Ts], T]) -> Callable[[Field, *Ts], T]:
    """The same reader, which knows what it made of equal values. What it makes of one must hang on the value
    and what is given beside it alone."""
    known: dict[tuple[bytes, *Ts], T] = {}

    @wraps(read)
    def reader(field: Field, *beside: *Ts) -> T:
        kind = type(field.value)
        if kind is not dict and kind is not list:
            return read(field, *beside)
        try:
            key = (_encode(field.value), *beside)
        except (OverflowError, TypeError, ValueError, RecursionError):
            return read(field, *beside)
        if key in known:
            return known[key]
        result = read(field, *beside)
        if field.complaints.are_none:
            if len(known) >= MOST_KEPT:
                known.clear()
            known[key] = result
        return result

    return reader
