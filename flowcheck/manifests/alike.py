"""Parts of policies that are equal, read once: policies name the same peers and ports again and again.

Only of JSON, whose trees hold plain values alone; and only what nothing was wrong with, as a complaint tells
its place.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

import msgspec

from flowcheck.manifests.fields import Field

T = TypeVar("T")
MOST_KEPT = 1 << 16


def read_once(read: Callable[[Field, str], T]) -> Callable[[Field, str], T]:
    """The same reader, which knows what it made of equal values. What it makes of one must hang on the value
    and the text beside it alone."""
    known: dict[tuple[bytes, str], T] = {}

    @wraps(read)
    def reader(field: Field, beside: str) -> T:
        if type(field.value) not in (dict, list):
            return read(field, beside)
        try:  # MessagePack: JSON has one word for null and for numbers that are too large
            key = (msgspec.msgpack.encode(field.value), beside)
        except (OverflowError, TypeError, ValueError, RecursionError):
            return read(field, beside)
        if key in known:
            return known[key]
        result = read(field, beside)
        if field.complaints.are_none:
            if len(known) >= MOST_KEPT:
                known.clear()
            known[key] = result
        return result

    return reader
