"""Claims over time -> segments: who has one address (or name) when, with clocks that may differ.

At one instant the owners are those that surely are there, or, where nobody is sure, all that may be. A flow's
clock may be off by ``skew``, so its candidates are the owners at any instant that near. One candidate is the
owner (inferred, where it is not sure at the flow's own instant); several are nobody in particular.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Generic, NamedTuple, TypeVar

from flowcheck.model.timeline import ALWAYS, BEGINNING, END, Lifetime

Owner = TypeVar("Owner", bound=Hashable)
Span = tuple[int, int]
"""A half-open stretch of time."""


class Segment(NamedTuple, Generic[Owner]):
    """From ``start`` on, until the next segment: the candidates, the earliest first, and whether at all those
    instants somebody is sure to be there."""

    start: int
    owners: tuple[Owner, ...]
    sure: bool = True

    @property
    def inferred(self) -> bool:
        """There is one owner, and it is likely, not sure."""
        return len(self.owners) == 1 and not self.sure

    def who(self, nobody: Owner, several: Owner) -> Owner:
        """The one owner, or what stands for none, or for several."""
        if not self.owners:
            return nobody
        return self.owners[0] if len(self.owners) == 1 else several


class _Instant(NamedTuple, Generic[Owner]):
    """A stretch in which the claims do not change."""

    start: int
    end: int
    owners: tuple[Owner, ...]
    sure: bool


def joined(
    claims: Iterable[tuple[Owner, Lifetime]],
    is_one: Callable[[Owner], bool],
    otherwise: Callable[[Owner], Iterable[Lifetime]],
) -> list[tuple[Owner, Lifetime]]:
    """The claims; those of an owner that ``is_one`` object all along, and that take over from one another, as
    one claim. ``otherwise``: when the object may have been another owner, or none; if that was in between,
    they are two."""
    found: dict[Owner, list[Lifetime]] = {}
    for owner, life in sorted(claims, key=lambda claim: claim[1].start):
        known = found.setdefault(owner, [])
        if known and is_one(owner) and life.continues(known[-1], otherwise(owner)):
            known[-1] = known[-1].joined(life)
        else:
            known.append(life)
    return [(owner, life) for owner, lives in found.items() for life in lives]


def is_static(lifetimes: Iterable[Lifetime]) -> bool:
    """Whether nothing ever changes, and nothing is in doubt."""
    return all(one == ALWAYS for one in lifetimes)


def segments(claims: Sequence[tuple[Owner, Lifetime]], skew: int) -> list[Segment[Owner]]:
    """The segments of one address; the first starts at BEGINNING, neighbours differ."""
    if is_static(lifetime for _, lifetime in claims):
        return [Segment(BEGINNING, tuple(dict.fromkeys(owner for owner, _ in claims)))]
    if len(claims) == 1:
        return _alone(*claims[0], skew)
    instants = list(_instants(claims))
    cuts = {BEGINNING, *(i.start for i in instants)}
    cuts |= {i.start - skew for i in instants if i.start > BEGINNING}
    cuts |= {i.end + skew for i in instants if i.end < END}
    found: list[Segment[Owner]] = []
    first = 0
    for cut in sorted(cuts):
        while instants[first].end < END and instants[first].end + skew <= cut:
            first += 1
        candidates: dict[Owner, None] = {}
        sure = True
        for instant in instants[first:]:
            if instant.start > BEGINNING and instant.start - skew > cut:
                break
            candidates.update(dict.fromkeys(instant.owners))
            sure &= instant.sure
        segment = Segment(cut, tuple(candidates), sure)
        if not found or segment[1:] != found[-1][1:]:
            found.append(segment)
    return found


def _alone(owner: Owner, life: Lifetime, skew: int) -> list[Segment[Owner]]:
    """The segments where nobody else has a claim: nobody, likely the owner, surely, likely, and nobody again,
    as far as each has a time."""
    if life.start >= life.end:
        return [Segment(BEGINNING, (), False)]
    first, last = moved(life.start, -skew), moved(life.end, skew)
    sure, unsure = moved(life.sure_start, skew), moved(life.sure_end, -skew)
    if sure >= unsure:
        sure = unsure = last
    possible: tuple[Segment[Owner], ...] = (
        Segment(BEGINNING, (), False),
        Segment(first, (owner,), False),
        Segment(sure, (owner,), True),
        Segment(unsure, (owner,), False),
        Segment(last, (), False),
    )
    ends = (first, sure, unsure, last, END)
    return [segment for segment, end in zip(possible, ends, strict=True) if segment.start < end]


def moved(instant: int, by: int) -> int:
    """An instant by a clock that differs so much; before all time and after it stay what they are."""
    return instant if instant in (BEGINNING, END) else instant + by


def with_spans(found: Sequence[Segment[Owner]]) -> Iterator[tuple[Segment[Owner], Span]]:
    """Segments with their stretches of time."""
    ends = [segment.start for segment in found[1:]] + [END]
    return ((segment, (segment.start, end)) for segment, end in zip(found, ends, strict=True))


def _instants(claims: Sequence[tuple[Owner, Lifetime]]) -> Iterable[_Instant[Owner]]:
    edges = {BEGINNING, END}
    for _, lifetime in claims:
        edges |= {lifetime.start, lifetime.end, lifetime.sure_start, lifetime.sure_end}
    cuts = sorted(edge for edge in edges if BEGINNING <= edge <= END)
    for start, end in pairwise(cuts):
        sure = tuple(dict.fromkeys(owner for owner, life in claims if life.sure(start)))
        possible = sure or tuple(dict.fromkeys(owner for owner, life in claims if life.possible(start)))
        yield _Instant(start, end, possible, bool(sure))
