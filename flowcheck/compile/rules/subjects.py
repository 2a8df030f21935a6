"""What there is to decide of each subject class: the rows that speak of it, and which policies may hold.

Most policies never change, so most subjects have one state for all time. A policy that changes gives the
subjects it selects another state; while it is open which version holds, they have several at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from flowcheck.arrays import Int32, Int64, Rows, UInt64
from flowcheck.compile.rules.epochs import ABSENT, Epochs
from flowcheck.kernels import classes as class_kernels
from flowcheck.kernels import rows as row_kernels

MOST_STATES = 64
"""More combinations of open policies than this leave a subject's answers open altogether."""

State = tuple[int, ...]
"""The changing policies that are in force, ascending. With the fixed ones they are all that are."""


class Partition(NamedTuple):
    """class_of (endpoints,) int32; representative (classes,) int32: the first endpoint of each class.
    ``mixes`` are further classes, each of endpoints that are of one of several: an answer where those
    agree."""

    class_of: Int32
    representative: Int32
    mixes: tuple[tuple[int, ...], ...] = ()

    @property
    def n(self) -> int:
        """Without the mixes, whose numbers follow."""
        return len(self.representative)

    def mixed(self, versions: Mapping[int, tuple[int, ...]]) -> Partition:
        """The same with endpoints that stand for one of several others."""
        class_of, mixes = self.class_of.copy(), dict[tuple[int, ...], int]()
        for end, others in versions.items():
            members = tuple(dict.fromkeys(self.class_of[list(others)].tolist()))
            mixed = len(members) > 1
            class_of[end] = self.n + mixes.setdefault(members, len(mixes)) if mixed else members[0]
        return Partition(class_of, self.representative, tuple(mixes))


def partition(sets: UInt64, used: Int32, start: Int32) -> Partition:
    """Endpoints by which of the ``used`` sets hold them, never mixing the classes of ``start``."""
    classes = np.unique(start, return_inverse=True)[1].astype(np.int32)
    class_kernels.refine(sets, used, classes, int(classes.max()) + 1)
    _, representative, class_of = np.unique(classes, return_index=True, return_inverse=True)
    return Partition(class_of.astype(np.int32), representative.astype(np.int32))


class Subjects:
    """The subject classes of one direction. ``policy_of_row`` (rows,) int32 indexes the policies; so does
    ``isolating`` (n,), whose subjects are the sets ``isolated`` (n,) int32. ``allows``: as SourceClasses
    has it."""

    def __init__(
        self,
        part: Partition,
        rows: Rows,
        policy_of_row: Int32,
        sets: UInt64,
        isolating: Int32,
        isolated: Int32,
        epochs: Epochs,
        allows: Sequence[np.ndarray] = (),
    ) -> None:
        self.part = part
        self.rows = rows
        self.epochs = epochs
        self._allows = allows
        self._policy_of_row = policy_of_row
        self._policies = [*range(epochs.n_policies)]  # each number once, in however many lists
        self._isolating = isolating
        starts, members = set_members(sets, np.append(rows.subject, isolated), part)
        self._starts, self._listed = row_kernels.list_rows(rows.subject, starts, members, part.n)
        self._by_starts, self._by = row_kernels.list_rows(isolated, starts, members, part.n)
        self._changes = bool(epochs.epochs[0].choices)
        self._fixed = np.zeros(epochs.n_policies, dtype=np.bool_)
        self._fixed[list(epochs.fixed)] = True
        self._all_fixed = not self._changes and bool(self._fixed.all())

    def states(self, subject: int) -> list[tuple[State, ...] | None]:
        """For each epoch, the states that are possible for a subject class; None: more than can be told."""
        if not self._changes:
            return [None if epoch.open else ((),) for epoch in self.epochs.epochs]
        touching = self._touching(subject)
        found: dict[tuple[tuple[int, ...], ...], tuple[State, ...] | None] = {}
        result = []
        for epoch in self.epochs.epochs:
            choices = tuple(
                tuple(dict.fromkeys(v if v in touching else ABSENT for v in choice))
                for choice in epoch.choices
                if not touching.isdisjoint(choice)
            )
            if choices not in found:
                found[choices] = _combined(choices)
            result.append(None if epoch.open else found[choices])
        return result

    @property
    def asks_sources(self) -> bool:
        """Whether any rule asks where flows come from."""
        return bool(self._allows)

    @property
    def sources(self) -> Sequence[int]:
        """The source classes of ports that are recorded; just one where no rule asks."""
        return range(max(len(self._allows), 1))

    def rows_in(self, subject: int, state: State, source: int = 0) -> Int32:
        """The rows that speak of flows of a source class from or to a subject class in a state, in the order
        they are asked."""
        mine = self._rows_of(subject)
        if self._allows:
            mine = mine[self._allows[source][mine]]
        if self._all_fixed:
            return mine
        chosen: Int32 = mine[self._in_force(state)[self._policy_of_row[mine]]]
        return chosen

    def isolated_by(self, subject: int, state: State) -> tuple[int, ...]:
        """The policies that isolate a subject class in a state."""
        by = self._isolating_of(subject)
        found: list[int] = (by if self._all_fixed else by[self._in_force(state)[by]]).tolist()
        return tuple(map(self._policies.__getitem__, found))

    def _rows_of(self, subject: int) -> Int32:
        rows: Int32 = self._listed[self._starts[subject] : self._starts[subject + 1]]
        return rows

    def _isolating_of(self, subject: int) -> Int32:
        """The policies that isolate a subject class whenever they are in force."""
        by: Int32 = self._isolating[self._by[self._by_starts[subject] : self._by_starts[subject + 1]]]
        return by

    def _touching(self, subject: int) -> set[int]:
        """Every policy that selects the subject in this direction, whenever it is in force."""
        isolating = self._isolating_of(subject).tolist()
        return {*isolating, *np.unique(self._policy_of_row[self._rows_of(subject)]).tolist()}

    def _in_force(self, state: State) -> np.ndarray:
        active = self._fixed.copy()
        active[list(state)] = True
        return active


def _combined(choices: tuple[tuple[int, ...], ...]) -> tuple[State, ...] | None:
    """Every combination of one choice for each policy; the one with all the earliest choices first."""
    number = 1
    for choice in choices:
        number *= len(choice)
    if number > MOST_STATES:
        return None
    states = (tuple(sorted(v for v in each if v != ABSENT)) for each in product(*choices))
    return tuple(dict.fromkeys(states))


def set_members(sets: UInt64, used: Int32, part: Partition) -> tuple[Int64, Int32]:
    """The classes of every used set, as CSR (starts (sets + 1,), members)."""
    numbers = np.unique(used).astype(np.int32)
    counts = np.zeros(len(sets) + 1, dtype=np.int64)
    counts[numbers + 1] = class_kernels.count_members(sets, numbers, part.representative)
    starts: Int64 = np.cumsum(counts)
    members = np.empty(starts[-1], dtype=np.int32)
    class_kernels.list_members(sets, numbers, part.representative, starts[numbers], members)
    return starts, members
