"""Counts in sentences: one of a thing or several, never "1 rows"; and the first few of many."""

from __future__ import annotations

from collections.abc import Iterable


def counted(count: int, noun: str, plural: str = "") -> str:
    """``1 row``, ``2,000 rows``; ``plural`` where an s does not make it."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def agreeing(count: int, one: str, many: str) -> str:
    """The verb beside a count: ``1 row`` is, ``2 rows`` are."""
    return one if count == 1 else many


def listed(names: Iterable[str], most: int = 3) -> str:
    """``a, b, c and 2 more``: the first few of many names."""
    names = list(names)
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
