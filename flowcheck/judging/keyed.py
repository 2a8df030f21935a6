"""The rows of one task by key: what is judged once for all rows that are alike, and what they add up to."""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import PORT_BITS, FlowArrays, Int32, Int64, Judged, MomentTable
from flowcheck.compile import Program
from flowcheck.judging.asked import nothing_judged, take_rows
from flowcheck.judging.batch import FlowBatch, judge_flows
from flowcheck.judging.told import Recorded, Told
from flowcheck.kernels import flow_keys as kernels
from flowcheck.kernels.books import Beside, KeyedRows
from flowcheck.model.timeline import BEGINNING, END

NOTHING_ADDED = (0, 0, 0, 0, END, BEGINNING, END, BEGINNING)
"""The sums of a key before its first row: the columns from FLOW_RECORDS on."""
ALONE = np.int64(-1 << 62)
"""Past all pairs of epoch and moment: a row that is like no other, because its ends may be several."""
TOGETHER = ALONE - np.int64(1)
"""A batch in whose time nothing changes: all its rows have one circumstance, that of the time."""


def make_book(room: int = 1 << 12) -> KeyedRows:
    """Of keys of flows (keys, 10): columns ONE to COUNTED_LAST of :mod:`flowcheck.arrays`."""
    return KeyedRows(NOTHING_ADDED, room)


def add_flows(book: KeyedRows, flows: FlowArrays, circumstances: Int64) -> tuple[Int32, Int64]:
    """Add the rows that are not left out to their keys; returns (numbers (rows,): of each row's key, -1 none;
    the first row of each new key). circumstances (rows,) int64, or (1,) of all rows."""
    numbers = np.empty(len(flows.src), dtype=np.int32)
    known, start = book.used, 0
    while start < len(numbers):
        room = (book.slots, book.rows, book.neutral, book.used)
        book.used, start = kernels.add_rows(*room, flows, circumstances, numbers, start)
        if start < len(numbers):
            book.grow()
    new = np.empty(book.used - known + 1, dtype=np.int64)
    kernels.list_first_rows(numbers, known, new)
    return numbers, new[:-1]


class KeyedFlows:
    """Use for rows in the order of their file. ``moments``: when what is said of an endpoint may change. What
    has been cleared keeps its room: to ask the system for it took longer than to fill it."""

    def __init__(self, program: Program, moments: MomentTable) -> None:
        self._program = program
        self._moments = moments
        self._epochs = program.epoch_start
        self._instants = np.unique(np.concatenate([moments.start, self._epochs]))
        self._book = make_book()
        self._circumstances = KeyedRows((), 1 << 8)
        self._told: dict[Recorded, int] = {}
        self._with_told = KeyedRows((), 1 << 8)
        self._judged = Beside(nothing_judged(0))
        self.clear()

    def clear(self) -> None:
        """Forget all rows."""
        self._book.clear()
        self._judged.clear()
        self._circumstances.clear()
        self._with_told.clear()
        # Number 0 is that of rows of which nothing is asked: the first epoch, the first moment, no name.
        self._circumstances.number(np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64))

    def add(self, batch: FlowBatch, named: Int32, first_row: int) -> tuple[Int32, Int64, FlowArrays]:
        """Add the rows that are not left out; returns (numbers (rows,): of each row's key, -1 none; which
        rows are the first of a new key; these rows). named (rows,) int32: the service port that the record
        names, -1 none."""
        flows = batch.flows
        circumstances = self._circumstances_of(batch, named, first_row)
        if self._program.mesh is not None or batch.told is not None:
            circumstances = self._told_with(circumstances, batch.told)
        numbers, new = add_flows(self._book, flows, circumstances)
        firsts = take_rows(flows, new)
        if len(new):
            places = enumerate(new.tolist()) if batch.several else ()
            several = {place: batch.several[row] for place, row in places if row in batch.several}
            told = batch.told.take(new) if batch.told else None
            self._judged.append(judge_flows(self._program, firsts, several, told))
        return numbers, new, firsts

    def _circumstances_of(self, batch: FlowBatch, named: Int32, first_row: int) -> Int64:
        """(rows,) or (1,) of all rows: the number of whatever else decides what is said of a row."""
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
            return _numbers(self._with_told, circumstances, np.zeros_like(circumstances))
        known = [self._told.setdefault(value, len(self._told) + 1) for value in told.values]
        said = np.array(known, dtype=np.int64)[told.which] << PORT_BITS + 1 | (told.seen.astype(np.int64) + 1)
        return _numbers(self._with_told, np.broadcast_to(circumstances, said.shape).copy(), said)

    def _number(self, ones: Int64, twos: Int64) -> Int64:
        """(n,) the numbers of circumstances, each of two words (n,)."""
        return _numbers(self._circumstances, ones, twos)

    @property
    def judged(self) -> Judged:
        """What is said of each key, (keys,)."""
        return self._judged.content()

    @property
    def keys(self) -> Int64:
        """(keys, 10) int64, as in :func:`make_book`."""
        return self._book.content()

    def violating(self, numbers: Int32) -> Int32:
        """(n,) the rows, by the numbers of their keys, that are violations."""
        rows = np.empty(len(numbers), dtype=np.int32)
        return rows[: kernels.list_marked(self.judged.violation, numbers, rows)]


def _numbers(book: KeyedRows, ones: Int64, twos: Int64) -> Int64:
    """(n,) the numbers that two words (n,) each have in a book."""
    while (numbers := book.number(ones, twos)) is None:
        book.grow()
    return numbers.astype(np.int64)
