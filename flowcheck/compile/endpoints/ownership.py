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
    ordered = sorted(claims, key=lambda claim: claim[1].start)
    if len({owner for owner, _ in ordered}) == len(ordered):  # mostly: nobody takes over from himself
        return ordered
    found: dict[Owner, list[tuple[Owner, Lifetime]]] = {}
    for claim in ordered:
        owner, life = claim
        known = found.setdefault(owner, [])
        if known and is_one(owner) and life.continues(known[-1][1], otherwise(owner)):
            known[-1] = owner, known[-1][1].joined(life)
        else:
            known.append(claim)
    return [claim for known in found.values() for claim in known]


def is_static(lifetimes: Iterable[Lifetime]) -> bool:
    """Whether nothing ever changes, and nothing is in doubt."""
    return all(one == ALWAYS for one in lifetimes)


def segments(claims: Sequence[tuple[Owner, Lifetime]], skew: int) -> list[Segment[Owner]]:
    """The segments of one address; the first starts at BEGINNING, neighbours differ."""
    if len(claims) == 1:
        return _alone(*claims[0], skew)
    if is_static(lifetime for _, lifetime in claims):
        return [Segment(BEGINNING, tuple(dict.fromkeys(owner for owner, _ in claims)))]
    if len({owner for owner, _ in claims}) == 1:  # such as a node, of which each of its pods tells
        claims = _united(claims)
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
        for at in range(first, len(instants)):
            instant = instants[at]
            if instant.start > BEGINNING and instant.start - skew > cut:
                break
            candidates.update(dict.fromkeys(instant.owners))
            sure &= instant.sure
        segment = Segment(cut, tuple(candidates), sure)
        if not found or segment[1:] != found[-1][1:]:
            found.append(segment)
    return found


def doubted(owner: Owner, life: Lifetime, other: Owner, skew: int) -> list[Segment[Owner]]:
    """The segments of an owner alone, but for another that may have been there while the owner is not sure
    to have been, where that took longer than the skew."""
    stretches = life.unwatched(skew)
    if not stretches:
        return _alone(owner, life, skew)
    if moved(life.sure_start, skew) >= moved(life.sure_end, -skew):
        return segments([(owner, life), *((other, stretch) for stretch in stretches)], skew)
    both = owner, other
    early = both if stretches[0].start == life.start else (owner,)
    late = both if stretches[-1].start != life.start else (owner,)
    return _alone(owner, life, skew, early, late)


def _alone(
    owner: Owner,
    life: Lifetime,
    skew: int,
    early: tuple[Owner, ...] = (),
    late: tuple[Owner, ...] = (),
) -> list[Segment[Owner]]:
    """The segments where nobody else has a claim: nobody, likely the owner, surely, likely, and nobody again,
    as far as each has a time. ``early``, ``late``: who it may be before the owner is sure and after, if more
    than the owner."""
    if life.start >= life.end:
        return [Segment(BEGINNING, (), False)]
    first, last = moved(life.start, -skew), moved(life.end, skew)
    sure, unsure = moved(life.sure_start, skew), moved(life.sure_end, -skew)
    if sure >= unsure:
        sure = unsure = last
    found: list[Segment[Owner]] = []
    if first > BEGINNING:
        found.append(Segment(BEGINNING, (), False))
    if first < sure:
        found.append(Segment(first, early or (owner,), False))
    if sure < unsure:
        found.append(Segment(sure, (owner,)))
    if unsure < last:
        found.append(Segment(unsure, late or (owner,), False))
    if last < END:
        found.append(Segment(last, (), False))
    return found


def moved(instant: int, by: int) -> int:
    """An instant by a clock that differs so much; before all time and after it stay what they are."""
    return instant if instant in (BEGINNING, END) else instant + by


def with_spans(found: Sequence[Segment[Owner]]) -> Iterator[tuple[Segment[Owner], Span]]:
    """Segments with their stretches of time."""
    ends = [segment.start for segment in found[1:]] + [END]
    return ((segment, (segment.start, end)) for segment, end in zip(found, ends, strict=True))


def _united(claims: Sequence[tuple[Owner, Lifetime]]) -> list[tuple[Owner, Lifetime]]:
    """The same of one owner in as few claims as it takes."""
    owner = claims[0][0]
    possible = _union((life.start, life.end) for _, life in claims)
    sure = _union((life.sure_start, life.sure_end) for _, life in claims)
    lives = [
        *(Lifetime.exact(*span).unsure() for span in possible),
        *(Lifetime.exact(*span) for span in sure),
    ]
    return [(owner, life) for life in lives]


def _union(spans: Iterable[Span]) -> list[Span]:
    """The stretches that any of them covers, ascending."""
    found: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def _instants(claims: Sequence[tuple[Owner, Lifetime]]) -> Iterable[_Instant[Owner]]:
    edges = {BEGINNING, END}
    for _, lifetime in claims:
        edges |= {lifetime.start, lifetime.end, lifetime.sure_start, lifetime.sure_end}
    cuts = sorted(edge for edge in edges if BEGINNING <= edge <= END)
    for start, end in pairwise(cuts):
        sure = tuple(dict.fromkeys(owner for owner, life in claims if life.sure(start)))
        possible = sure or tuple(dict.fromkeys(owner for owner, life in claims if life.possible(start)))
        yield _Instant(start, end, possible, bool(sure))
