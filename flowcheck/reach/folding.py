"""From kinds to parties: of all pairs of their pods, what any of them gets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flowcheck.arrays import Int32, Int64, UInt32
from flowcheck.reach.asking import Said
from flowcheck.reach.kinds import Kinds
from flowcheck.reach.parties import Party


class Folding:
    """Answers, to which those of several pairs together are added as they are met."""

    def __init__(self, said: Said) -> None:
        self._listed = [row.tobytes() for row in said.answers]
        self._numbers = {row: number for number, row in enumerate(self._listed)}
        self._pairs = said.pairs

    def answers(self) -> UInt32:
        """(answers, stretches) uint32: those that there are so far."""
        joined = np.frombuffer(b"".join(self._listed), dtype=np.uint32)
        return joined.reshape(len(self._listed), -1)

    def fold(self, kinds: Kinds, sources: Sequence[Party], destinations: Sequence[Party]) -> Int32:
        """(sources, destinations) int32: what is said between each two; nothing between two outside. Of a
        party with itself: between two of its pods."""
        rows, columns = ([_kinds_among(kinds, party) for party in some] for some in (sources, destinations))
        by_source = (
            np.stack([self._together(self._pairs[kind]) for kind in rows]) if rows else self._pairs[:0]
        )
        cells = [self._together(by_source[:, kind].T) for kind in columns]
        found: Int32 = (
            np.stack(cells, axis=1).astype(np.int32) if cells else by_source[:, :0].astype(np.int32)
        )
        outside = [np.array([party.kind == "block" for party in some]) for some in (sources, destinations)]
        found[np.ix_(*outside)] = 0
        at = {party.name: place for place, party in enumerate(destinations)}
        for row, party in enumerate(sources):
            if (column := at.get(party.name)) is not None:
                found[row, column] = self._within(kinds, party, destinations[column])
        return found

    def _together(self, several: Int64) -> Int64:
        """(kinds, n) answers of several kinds -> (n,) what all of them get."""
        whole: Int64 = several[0]
        for one in several[1:]:
            whole = self._joined(whole, one)
        return whole

    def _joined(self, one: Int64, other: Int64) -> Int64:
        """(n,) of two answers each, both."""
        pairs = np.stack([one, other])
        distinct, which = np.unique(pairs, axis=1, return_inverse=True)
        numbers = [self._union(first, second) for first, second in distinct.T.tolist()]
        both: Int64 = np.array(numbers, dtype=np.int64)[which.ravel()]
        return both

    def _union(self, one: int, other: int) -> int:
        if one == other:
            return one
        rows = (np.frombuffer(self._listed[number], dtype=np.uint32) for number in (one, other))
        both = np.bitwise_or(*rows).tobytes()
        number = self._numbers.setdefault(both, len(self._listed))
        if number == len(self._listed):
            self._listed.append(both)
        return number

    def _within(self, kinds: Kinds, source: Party, destination: Party) -> int:
        """Between different pods of one workload; 0 where it has but one. What stands for any number of pods
        stands for two, too."""
        if source.kind != "workload":
            return 0
        pods = [_pods_by_kind(kinds, party) for party in (source, destination)]
        found = 0
        for one, of_one in pods[0].items():
            for other, of_other in pods[1].items():
                if source.replicas or len(of_one | of_other) > 1:
                    found = self._union(found, int(self._pairs[one, other]))
        return found


def _pods_by_kind(kinds: Kinds, party: Party) -> dict[int, set[int]]:
    """Of each kind that there is among its members, the pods."""
    found: dict[int, set[int]] = {}
    for member in party.members:
        found.setdefault(kinds.of[member.endpoint], set()).add(member.pod)
    return found


def _kinds_among(kinds: Kinds, party: Party) -> list[int]:
    return list(dict.fromkeys(kinds.of[member.endpoint] for member in party.members))
