"""What the reports for people share on what an answer lacks. Names come out raw: each report escapes them."""

from __future__ import annotations

from collections.abc import Sequence

from flowcheck.outcome import Nothing

MOST_DOCUMENTS = 5
"""How many a report for people names before it says how many more there are."""


def gaps(nothing: Nothing | None, incomplete_because: Sequence[str]) -> list[str]:
    """What stands below the answer: what is missing of it and, where all of it is, what would help."""
    advice = [nothing.advice] if nothing else []
    return advice + [f"incomplete: {reason}" for reason in incomplete_because if reason != str(nothing)]


def left_out(refused: Sequence[str]) -> list[str]:
    """The documents that were left out for their problems, the first of them by name."""
    return first([f"left out: {one}" for one in refused], MOST_DOCUMENTS, "the warnings (-v shows all)")


def not_in_force(refused: Sequence[str]) -> list[str]:
    """The policies that their engine refuses, the first of them by name."""
    return first([f"not in force: {one}" for one in refused], MOST_DOCUMENTS, "the warnings (-v shows all)")


def first(items: Sequence[str], most: int, where: str) -> list[str]:
    """The first of them, and where to find how many more."""
    more = len(items) - most
    return [*items[:most], *([f"and {more:,} more in {where}"] if more > 0 else [])]
