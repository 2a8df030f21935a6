"""Times as logs write them -> microseconds since 1970 UTC."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowcheck.flows.canonical.times import EARLIEST, LATEST

_UTC_NS, _NS = pa.timestamp("ns", tz="UTC"), pa.timestamp("ns")
PER_UNIT = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 0}
"""Microseconds in one; of nanoseconds there are 1,000 in one microsecond."""


def microseconds_of(values: Sequence[int | str | None]) -> tuple[list[int | None], list[int]]:
    """(each time, None for None; the places of those that are none). Text is RFC 3339, of up to nine digits
    of a second; without an offset it is UTC."""
    texts = [value for value in values if isinstance(value, str)]
    if not texts:
        numbers: list[int | None] = list(values)  # type: ignore[arg-type]
    elif len(texts) == len(values) and (whole := _parsed(texts)) is not None:
        return whole, []
    else:
        numbers = [_one(value) if isinstance(value, str) else value for value in values]
    wrong = [
        place
        for place, (number, value) in enumerate(zip(numbers, values, strict=True))
        if value is not None and (number is None or not EARLIEST <= number <= LATEST)
    ]
    for place in wrong:
        numbers[place] = None
    return numbers, wrong


def _parsed(texts: list[str]) -> list[int | None] | None:
    """All of them at once; None where one of them is unlike the others, or no time."""
    zoned = texts[0][-1:] in ("Z", "z") or "+" in texts[0][-6:]
    try:
        times = pa.array(texts, pa.string()).cast(_UTC_NS if zoned else _NS)
    except pa.ArrowException:
        return None
    nanoseconds = times.cast(pa.int64()).to_numpy(zero_copy_only=False)
    found: list[int | None] = (nanoseconds // 1000).tolist()
    return found


def _one(text: str) -> int | None:
    """One time, whatever form the others have."""
    text = text.strip().replace(",", ".")
    for type_ in (_UTC_NS, _NS):
        try:
            return int(pc.cast(pa.scalar(text), type_).cast(pa.int64()).as_py()) // 1000
        except pa.ArrowException:
            continue
    return None


def in_microseconds(values: np.ndarray, unit: str) -> np.ndarray:
    """Numbers (n,) of a unit (a key of PER_UNIT) in microseconds."""
    return values // 1000 if unit == "ns" else values * PER_UNIT[unit]


def unit_of(number: float) -> str:
    """The unit of a time since 1970, by its magnitude: of each unit those of the years 2001 to 2286 lie
    apart. Empty where it is none of them."""
    for unit, least in (("s", 1e9), ("ms", 1e12), ("us", 1e15), ("ns", 1e18)):
        if least <= abs(number) < least * 10:
            return unit
    return ""
