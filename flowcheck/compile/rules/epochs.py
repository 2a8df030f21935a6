"""Policies over time -> epochs: the stretches in which the policies in force, or the doubt about them, stay
the same.

At one instant a policy is the version that surely is in force, or any that may be, or (where at most one may
be) none. A flow's clock may be off by ``skew``, so its policies are any of those at the instants that near.
Most policies never change and are in every epoch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from flowcheck.compile.endpoints.ownership import is_static
from flowcheck.model.policy import Policy
from flowcheck.model.timeline import BEGINNING, END, Lifetime

ABSENT = -1


class Epoch(NamedTuple):
    """From ``start`` on: for each policy that ever changes, in one order for all epochs, the versions that
    may be in force (indexes of the policies compiled, or ABSENT), the earliest first. ``open``: nothing tells
    which policies there are."""

    start: int
    choices: tuple[tuple[int, ...], ...]
    open: bool = False


class Epochs(NamedTuple):
    """``fixed``: the policies, of all ``n_policies``, in force in every epoch; ``epochs`` ascend from
    BEGINNING."""

    n_policies: int
    fixed: tuple[int, ...]
    epochs: tuple[Epoch, ...]


def build_epochs(
    policies: Sequence[Policy], places: Sequence[int], skew: int, at: int | None, known_until: int = END
) -> Epochs:
    """``places``: where each policy stands in the input; of two versions that began together the last there
    is the later. ``known_until``: see Cluster. ``at``: the instant whose policies judge every flow; None:
    those of each flow's own time."""
    versions: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number in sorted(range(len(policies)), key=places.__getitem__):
        versions[policies[number].identity].append(number)
    if at is not None:
        chosen = [_latest(numbers, policies, min(at, END - 1)) for numbers in versions.values()]
        return Epochs(len(policies), tuple(sorted(n for n in chosen if n != ABSENT)), (Epoch(BEGINNING, ()),))
    fixed: list[int] = []
    changing: list[list[tuple[int, tuple[int, ...]]]] = []
    for numbers in versions.values():
        if is_static(policies[n].lifetime for n in numbers):
            fixed += numbers
        else:
            changing.append(_choices([(n, policies[n].lifetime) for n in numbers], skew))
    together = list(_together(changing))
    if known_until < END:
        last = known_until - skew
        before = [epoch for epoch in together if epoch.start < last]
        together = [*before, Epoch(last, before[-1].choices, open=True)]
    return Epochs(len(policies), tuple(sorted(fixed)), tuple(together))


def _latest(numbers: Iterable[int], policies: Sequence[Policy], at: int) -> int:
    there = [n for n in numbers if policies[n].lifetime.possible(at)]
    return max(reversed(there), key=lambda n: policies[n].lifetime.start, default=ABSENT)


def _choices(versions: list[tuple[int, Lifetime]], skew: int) -> list[tuple[int, tuple[int, ...]]]:
    """(start, choices) of one policy, neighbours different."""
    versions = sorted(versions, key=lambda version: version[1].start)
    lives = dict(versions)
    rank = {number: place for place, (number, _) in enumerate(versions, start=1)}
    edges = {BEGINNING, END}
    for _, life in versions:
        edges |= {life.start, life.end, life.sure_start, life.sure_end}
    cuts = sorted(edge for edge in edges if BEGINNING <= edge <= END)
    instants = [(start, end, _at_instant(versions, start)) for start, end in pairwise(cuts)]
    widened = {BEGINNING}
    widened |= {start - skew for start, _, _ in instants if start > BEGINNING}
    widened |= {end + skew for _, end, _ in instants if end < END}
    found: list[tuple[int, tuple[int, ...]]] = []
    for cut in sorted(widened):
        near = [
            (start, choices)
            for start, end, choices in instants
            if (start == BEGINNING or start - skew <= cut) and (end == END or cut < end + skew)
        ]
        found_here = {choice for _, choices in near for choice in choices}
        absent = min((max(start, cut - skew) for start, choices in near if ABSENT in choices), default=END)
        first = all(absent < lives[n].sure_start for n in found_here if n != ABSENT)
        order = {**rank, ABSENT: 0 if first else len(rank) + 1}
        choices = tuple(sorted(found_here, key=lambda number: order[number]))
        if not found or choices != found[-1][1]:
            found.append((cut, choices))
    return found


def _at_instant(versions: list[tuple[int, Lifetime]], at: int) -> list[int]:
    sure = [number for number, life in versions if life.sure(at)]
    if sure:
        return sure
    possible = [number for number, life in versions if life.possible(at)]
    return possible if len(possible) > 1 else [*possible, ABSENT]


def _together(changing: list[list[tuple[int, tuple[int, ...]]]]) -> Iterable[Epoch]:
    """All policies' choices, stretch by stretch."""
    cuts = sorted({BEGINNING, *(start for one in changing for start, _ in one)})
    places = [0] * len(changing)
    for cut in cuts:
        for number, one in enumerate(changing):
            while places[number] + 1 < len(one) and one[places[number] + 1][0] <= cut:
                places[number] += 1
        yield Epoch(cut, tuple(one[place][1] for one, place in zip(changing, places, strict=True)))
