"""Which version of an object held at an instant, for objects of which the input may know only roughly when.

Where a version may have been there and no other may, it is taken to have been, as for Services: also before
the first snapshot that shows it. In the stretch between two that differ it is open, and between the last that
shows it and one that no longer does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

from flowcheck.model.mesh.routes import DestinationRule, Route
from flowcheck.model.timeline import BEGINNING, END

T = TypeVar("T", Route, DestinationRule)


class InForce(NamedTuple, Generic[T]):
    """``is_open``: it is not known of every one whether it was there."""

    objects: tuple[T, ...]
    is_open: bool = False


def in_force(versions: Iterable[T], at: int) -> InForce[T]:
    """Of each object at most one version."""
    by_object: dict[str, list[T]] = defaultdict(list)
    for one in versions:
        if one.lifetime.possible(at):
            by_object[str(one)].append(one)
    found = []
    for there in by_object.values():
        sure = [one for one in there if one.lifetime.sure(at)]
        if len(there) > 1 and not sure:
            return InForce((), True)
        (one,) = sure[-1:] or there
        if one.lifetime.sure_end <= at and one.lifetime.end < END:
            return InForce((), True)
        found.append(one)
    return InForce(tuple(found))


def instants(versions: Iterable[Route | DestinationRule]) -> set[int]:
    """When what holds may change."""
    return {
        time
        for one in versions
        for time in (one.lifetime.start, one.lifetime.sure_start, one.lifetime.sure_end, one.lifetime.end)
        if BEGINNING < time < END
    }


def stretches(times: Iterable[int]) -> Sequence[tuple[int, int]]:
    """From the beginning to the end of time, cut at these instants."""
    cuts = [BEGINNING, *sorted(set(times)), END]
    return [(cuts[n], cuts[n + 1]) for n in range(len(cuts) - 1)]


_DAY = 86_400_000_000
"""Microseconds."""


def instant_in(start: int, end: int) -> int:
    if start == BEGINNING:
        return 0 if end == END else end - _DAY
    return start + _DAY if end == END else (start + end) // 2
