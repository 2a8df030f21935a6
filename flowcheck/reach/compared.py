"""Two matrices held against one another: which pairs may talk by which ports that could not before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from flowcheck.arrays import Int64, UInt32
from flowcheck.compile import Program
from flowcheck.reach.build import Wanted, build, prefixes_of
from flowcheck.reach.codes import ALLOW, DENY, UNKNOWN, reasons_of, word_of
from flowcheck.reach.matrix import Matrix
from flowcheck.reach.parties import Party
from flowcheck.reach.ports import Stretch, inside, join_up, refined, text_of

REACHABLE, UNREACHABLE, CHANGED = "reachable", "unreachable", "changed"
KINDS = (REACHABLE, UNREACHABLE, CHANGED)
ABSENT = "absent"
"""What stands for a verdict where only one of the clusters has both ends."""


@dataclass(frozen=True, slots=True)
class Change:
    """What became of some ports of one pair. ``kind``: *reachable* where nothing was allowed and something
    is, *unreachable* the other way round, *changed* whatever else is another. ``before``, ``after``: allow,
    deny, unknown, some, or absent; ``reasons``: why either is unknown."""

    source: str
    destination: str
    kind: str
    before: str
    after: str
    reasons: tuple[str, ...]
    stretches: tuple[Stretch, ...]
    ports: str


@dataclass(frozen=True, slots=True)
class Difference:
    """All that changed from one cluster to another, and the parties that only one of them has."""

    changes: tuple[Change, ...]
    gone: tuple[str, ...]
    new: tuple[str, ...]
    n_pairs: int
    left_out: tuple[str, ...]
    notes: tuple[str, ...]

    def of(self, kind: str) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.kind == kind)


def compare(before: Program, after: Program, wanted: Wanted) -> Difference:
    """What changed from one program, of one instant, to another. Blocks outside are cut so that neither of
    both tells addresses of one block apart."""
    blocks = [*prefixes_of(before), *prefixes_of(after)]
    return difference(build(before, wanted, blocks), build(after, wanted, blocks))


def difference(before: Matrix, after: Matrix) -> Difference:
    """What changed from one matrix to another."""
    stretches = refined(before.stretches, after.stretches)
    sources = _names(before.sources, after.sources)
    destinations = _names(before.destinations, after.destinations)
    masks = [_on(one, stretches) for one in (before, after)]
    cells = [_laid_out(one, sources, destinations) for one in (before, after)]
    pairs = cells[0] * len(masks[1]) + cells[1]
    distinct, which = np.unique(pairs, return_inverse=True)
    which = which.reshape(pairs.shape)
    known: list[list[Change]] = []
    for one in distinct.tolist():
        was, now = divmod(one, len(masks[1]))
        known.append([*_changes(masks[0][was], masks[1][now], stretches)])
    differing = np.array([bool(changes) for changes in known])
    found = [
        replace(change, source=sources[row], destination=destinations[column])
        for row, column in np.argwhere(differing[which]).tolist()
        for change in known[which[row, column]]
    ]
    found.sort(key=lambda one: KINDS.index(one.kind))
    everyone = [{party.name for party in (*one.sources, *one.destinations)} for one in (before, after)]
    return Difference(
        tuple(found),
        tuple(sorted(everyone[0] - everyone[1])),
        tuple(sorted(everyone[1] - everyone[0])),
        int(np.count_nonzero(pairs)),
        tuple(dict.fromkeys((*before.left_out, *after.left_out))),
        tuple(dict.fromkeys((*before.notes, *after.notes))),
    )


def _names(before: Sequence[Party], after: Sequence[Party]) -> list[str]:
    """Those of both, workloads first."""
    kinds = {party.name: party.kind for party in (*before, *after)}
    return sorted(kinds, key=lambda name: kinds[name] == "block")


def _on(matrix: Matrix, stretches: Sequence[Stretch]) -> UInt32:
    """Its answers at other stretches, none of which holds several of its own; 0 of what it does not ask."""
    return matrix.masks[:, [inside(matrix.stretches, stretch) for stretch in stretches]]


def _laid_out(matrix: Matrix, sources: Sequence[str], destinations: Sequence[str]) -> Int64:
    """Its cells by these names; 0 where it has not both."""
    whole = np.zeros((len(sources), len(destinations)), dtype=np.int64)
    rows, columns = ({name: place for place, name in enumerate(names)} for names in (sources, destinations))
    row = [rows[party.name] for party in matrix.sources]
    column = [columns[party.name] for party in matrix.destinations]
    whole[np.ix_(row, column)] = matrix.cells
    return whole


def _changes(before: UInt32, after: UInt32, stretches: Sequence[Stretch]) -> Iterator[Change]:
    """What changed between two answers, of whichever pair."""
    found: dict[tuple[int, int], list[Stretch]] = {}
    for was, now, stretch in zip(before.tolist(), after.tolist(), stretches, strict=True):
        if was != now and {was, now} != {0, int(DENY)}:
            found.setdefault((was, now), []).append(stretch)
    for (was, now), some in found.items():
        words = word_of(was) or ABSENT, word_of(now) or ABSENT
        reasons = tuple(dict.fromkeys((*reasons_of(was), *reasons_of(now))))
        yield Change("", "", _kind(was, now), *words, reasons, tuple(join_up(some)), text_of(some, stretches))


def _kind(was: int, now: int) -> str:
    opened = [bool(mask & int(ALLOW)) for mask in (was, now)]
    unknown = [bool(mask & int(UNKNOWN)) for mask in (was, now)]
    if opened == [False, True] and not unknown[0]:
        return REACHABLE
    if opened == [True, False] and not unknown[1]:
        return UNREACHABLE
    return CHANGED
