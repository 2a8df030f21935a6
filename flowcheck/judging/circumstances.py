"""What else decides what is said of a row, beside its ends, its port and what was observed: the policies of
its time, the moment of its destination, what its record tells of a mesh. Each such circumstance has a number.
"""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import PORT_BITS, Int32, Int64, MomentTable
from flowcheck.compile import Program
from flowcheck.judging.batch import FlowBatch
from flowcheck.judging.told import Recorded, Told
from flowcheck.kernels import flow_keys as kernels
from flowcheck.kernels.books import KeyedRows
from flowcheck.model.timeline import BEGINNING, END

ALONE = np.int64(-1 << 62)
"""Past all pairs of epoch and moment: a row that is like no other, because its ends may be several."""
TOGETHER = ALONE - np.int64(1)
"""A batch in whose time nothing changes: all its rows have one circumstance, that of the time."""


class Circumstances:
    """Use for rows in the order of their file. ``moments``: when what is said of an endpoint may change. What
    has been cleared keeps its room."""

    def __init__(self, program: Program, moments: MomentTable) -> None:
        self._program = program
        self._moments = moments
        self._epochs = program.epoch_start
        self._instants = np.unique(np.concatenate([moments.start, self._epochs]))
        self._known = KeyedRows((), 1 << 8)
        self._told: dict[Recorded, int] = {}
        self._with_told = KeyedRows((), 1 << 8)
        self.clear()

    def clear(self) -> None:
        """Forget all of them."""
        self._known.clear()
        self._with_told.clear()
        # Number 0 is that of rows of which nothing is asked: the first epoch, the first moment, no name.
        self._known.number(np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64))

    def of(self, batch: FlowBatch, named: Int32, first_row: int) -> Int64:
        """(rows,) or (1,) of all rows: the number of each. named (rows,) int32: the service port that the
        record names, -1 none."""
        found = self._of_time(batch, named, first_row)
        if self._program.mesh is not None or batch.told is not None:
            return self._told_with(found, batch.told)
        return found

    def _of_time(self, batch: FlowBatch, named: Int32, first_row: int) -> Int64:
        """(rows,) or (1,) of all rows: the number of epoch, moment and name."""
        flows, tables = batch.flows, self._program.tables
        ports = tables.services.ports
        if tables.n_sources == 1 and not batch.several and named.max(initial=-1) < 0:
            times = flows.seen_at.min(initial=END), flows.seen_at.max(initial=BEGINNING)
            first, last = np.searchsorted(self._instants, times, side="right")
            if first >= last:
                return self._number(np.array([TOGETHER]), np.array([first]))
        ones, twos = np.empty(len(flows.src), dtype=np.int64), np.empty(len(flows.src), dtype=np.int64)
        kernels.find_moments(
            self._moments,
            self._epochs,
            tables.source_class,
            tables.n_sources,
            flows,
            ports.segment_first,
            ports.segment_start,
            named,
            ones,
            twos,
        )
        for row in batch.several:
            ones[row], twos[row] = ALONE, first_row + row
        return self._number(ones, twos)

    def _told_with(self, circumstances: Int64, told: Told | None) -> Int64:
        """The same, told apart by what the records tell of a mesh's connection, too."""
        if told is None:
            return numbered(self._with_told, circumstances, np.zeros_like(circumstances))
        known = [self._told.setdefault(value, len(self._told) + 1) for value in told.values]
        said = np.array(known, dtype=np.int64)[told.which] << PORT_BITS + 1 | (told.seen.astype(np.int64) + 1)
        return numbered(self._with_told, np.broadcast_to(circumstances, said.shape).copy(), said)

    def _number(self, ones: Int64, twos: Int64) -> Int64:
        """(n,) the numbers of circumstances, each of two words (n,)."""
        return numbered(self._known, ones, twos)


def numbered(book: KeyedRows, ones: Int64, twos: Int64) -> Int64:
    """(n,) the numbers that two words (n,) each have in a book."""
    while (numbers := book.number(ones, twos)) is None:
        book.grow()
    return numbers.astype(np.int64)
