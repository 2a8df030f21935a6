"""The matrix itself: parties in rows and columns, numbers of answers in cells; what can be asked of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from flowcheck.arrays import Int32, UInt32
from flowcheck.reach.codes import NOTHING, may_be_open, reasons_of, verdicts_of, word_of
from flowcheck.reach.parties import Party
from flowcheck.reach.ports import Stretch, join_up, text_of

WORDS = ("allow", "some", "unknown", "deny")
"""What is told of ports, in the order of reports."""


@dataclass(frozen=True, slots=True)
class PortAnswer:
    """What is said of some stretches of ports: ``verdict`` is allow, deny, unknown, or ``some`` where pods
    differ; then ``among`` are the verdicts that there are. ``reasons``: why any is unknown. ``ports`` in
    words."""

    verdict: str
    among: tuple[str, ...]
    reasons: tuple[str, ...]
    stretches: tuple[Stretch, ...]
    ports: str


@dataclass(frozen=True, slots=True)
class Pair:
    """One cell: who, whom, and the number of the answer."""

    source: Party
    destination: Party
    answer: int


@dataclass(frozen=True, slots=True)
class Isolated:
    """The workloads that nobody may reach, and those that may reach nobody, for sure: by name."""

    unreachable: tuple[str, ...]
    reaching_nobody: tuple[str, ...]


@dataclass(frozen=True)
class Matrix:
    """Who may reach whom, by port.

    cells (sources, destinations) int32: numbers of answers; 0 where there is nothing to say, as between two
    blocks outside. masks (answers, stretches) uint32: see codes.py. ``engine``: who enforces, as reports say
    it; ``at``: the moment, empty where nothing changes. ``left_out``: documents that were not taken.
    ``notes``: what is not in it. ``mesh``: a mesh's policies were asked too.
    """

    sources: tuple[Party, ...]
    destinations: tuple[Party, ...]
    stretches: tuple[Stretch, ...]
    cells: Int32
    masks: UInt32
    engine: str = ""
    at: str = ""
    mesh: bool = False
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        sizes = f"sources={len(self.sources)} destinations={len(self.destinations)} answers={len(self.masks)}"
        return f"<Matrix {sizes}>"

    @cached_property
    def answers(self) -> tuple[tuple[PortAnswer, ...], ...]:
        """Each answer in words, the ports that are allowed first; none for number 0."""
        return tuple(tuple(self._in_words(mask)) for mask in self.masks)

    @cached_property
    def is_open(self) -> tuple[bool, ...]:
        """Of each answer, whether any port is allowed, or not known to be denied."""
        return tuple(bool(row.any()) for row in may_be_open(self.masks))

    def pairs(self) -> Iterator[Pair]:
        """All pairs of which anything is said, row by row."""
        for row, column in np.argwhere(self.cells).tolist():
            yield Pair(self.sources[row], self.destinations[column], int(self.cells[row, column]))

    def open_pairs(self) -> Iterator[Pair]:
        """Those with a port that is allowed, or not known to be denied."""
        return self.where_open().pairs()

    def answer(self, source: str, destination: str) -> tuple[PortAnswer, ...]:
        """What is said between two parties, by name.

        Raises: KeyError for a name that is none of theirs.
        """
        row = [one.name for one in self.sources]
        column = [one.name for one in self.destinations]
        for name, names in ((source, row), (destination, column)):
            if name not in names:
                raise KeyError(name)
        return self.answers[self.cells[row.index(source), column.index(destination)]]

    @property
    def n_pairs(self) -> int:
        return int(np.count_nonzero(self.cells))

    @property
    def n_open(self) -> int:
        """How many pairs have a port that is allowed, or not known to be denied."""
        return int(np.asarray(self.is_open)[self.cells].sum())

    def where_open(self) -> Matrix:
        """The same without pairs that are denied every port."""
        kept = np.where(np.asarray(self.is_open)[self.cells], self.cells, 0).astype(np.int32)
        return replace(self, cells=kept)

    def exposed(self) -> Matrix:
        """What addresses outside may reach, or may perhaps."""
        outside = [place for place, one in enumerate(self.sources) if one.kind == "block"]
        sources = tuple(self.sources[place] for place in outside)
        return replace(self, sources=sources, cells=self.cells[outside]).where_open()

    def isolated(self) -> Isolated:
        """Workloads that no other party reaches, or that reach none."""
        opens = np.asarray(self.is_open)[self.cells] & (self.cells != 0)
        rows = {one.name: place for place, one in enumerate(self.sources)}
        for place, one in enumerate(self.destinations):
            if one.name in rows:
                opens[rows[one.name], place] = False
        return Isolated(
            _workloads(self.destinations, ~opens.any(axis=0)), _workloads(self.sources, ~opens.any(axis=1))
        )

    def _in_words(self, mask: UInt32) -> Iterator[PortAnswer]:
        found: dict[int, list[Stretch]] = {}
        for one, stretch in zip(mask.tolist(), self.stretches, strict=True):
            if one != NOTHING:
                found.setdefault(one, []).append(stretch)
        for one in sorted(found, key=lambda one: (WORDS.index(word_of(one)), one)):
            among = verdicts_of(one)
            stretches = tuple(join_up(found[one]))
            ports = text_of(found[one], self.stretches)
            yield PortAnswer(word_of(one), among, reasons_of(one), stretches, ports)


def _workloads(parties: Sequence[Party], chosen: np.ndarray) -> tuple[str, ...]:
    return tuple(
        party.name
        for party, is_so in zip(parties, chosen.tolist(), strict=True)
        if is_so and party.kind == "workload"
    )
