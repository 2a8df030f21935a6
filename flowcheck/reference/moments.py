"""Who held something about the time of a flow, when clocks differ and edges are known only roughly.

At one instant those hold it whose lifetime is sure then, if any is; else those whose lifetime is possible.
About a time, with clocks that differ by up to ``skew``, everybody does who holds it at any instant from
``at - skew`` to ``at + skew``, both included. All in microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

from flowcheck.model.timeline import Lifetime

Holder = TypeVar("Holder")


@dataclass(frozen=True)
class Claim(Generic[Holder]):
    """Somebody's hold on something. Holders that are equal are one, whatever object they stand in."""

    holder: Holder
    lifetime: Lifetime


def continued(
    claims: Iterable[Claim[Holder]],
    is_one: Callable[[Holder], bool],
    otherwise: Callable[[Holder], Iterable[Lifetime]],
) -> list[Claim[Holder]]:
    """The claims; of a holder that ``is_one`` object all along, one that begins before the last has ended
    goes on with it: somebody sure before and after was there in between. ``otherwise``: when that object
    was not this holder; of somebody who may have been so in between that is not sure."""
    found: list[Claim[Holder]] = []
    for claim in sorted(claims, key=lambda one: one.lifetime.start):
        before = next((one for one in reversed(found) if one.holder == claim.holder), None)
        if (
            before is None
            or not is_one(claim.holder)
            or not claim.lifetime.continues(before.lifetime, otherwise(claim.holder))
        ):
            found.append(claim)
            continue
        found[found.index(before)] = Claim(claim.holder, before.lifetime.joined(claim.lifetime))
    return found


def moments(lifetimes: Iterable[Lifetime], at: int, skew: int) -> list[int]:
    """One instant of every stretch about ``at`` within which nothing begins or ends, in order."""
    edges = {edge for one in lifetimes for edge in (one.start, one.end, one.sure_start, one.sure_end)}
    return sorted({at - skew, *(edge for edge in edges if at - skew <= edge <= at + skew)})


def holding(claims: Sequence[Claim[Holder]], instant: int) -> list[Holder]:
    """The holders at one instant: those that are sure, else those that are possible."""
    sure = [claim.holder for claim in claims if claim.lifetime.sure(instant)]
    return sure or [claim.holder for claim in claims if claim.lifetime.possible(instant)]


def candidates(claims: Sequence[Claim[Holder]], at: int, skew: int) -> list[Holder]:
    """Everybody who held it about a time, each once, the earliest first."""
    found: list[Holder] = []
    for instant in moments((claim.lifetime for claim in claims), at, skew):
        found += holding(claims, instant)
    return distinct(found)


def surely(claims: Sequence[Claim[Holder]], holders: Sequence[Holder], at: int, skew: int) -> bool:
    """Whether it was one of these holders' beyond doubt, at every instant that the flow may have begun."""
    ours = [claim.lifetime for claim in claims if claim.holder in holders]
    instants = moments((claim.lifetime for claim in claims), at, skew)
    return all(any(lifetime.sure(instant) for lifetime in ours) for instant in instants)


def distinct(things: Iterable[Holder]) -> list[Holder]:
    """Each once, in order; for what cannot be hashed."""
    found: list[Holder] = []
    for thing in things:
        if thing not in found:
            found.append(thing)
    return found


def stretches(whole: Lifetime, others: Sequence[Lifetime]) -> list[Lifetime]:
    """A lifetime cut wherever another may begin or end."""
    edges = sorted({whole.start, whole.end, *(e for one in others for e in (one.start, one.end))})
    return [whole.within(Lifetime.exact(*edge)) for edge in pairwise(edges) if whole.possible(edge[0])]


def outside(whole: Lifetime, others: Sequence[Lifetime]) -> list[Lifetime]:
    """The stretches of a lifetime during which none of the others is even possible."""
    return [s for s in stretches(whole, others) if not any(one.possible(s.start) for one in others)]
