"""The rows of one task by key: what is judged once for all rows that are alike, and what they add up to."""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import FlowArrays, Int32, Int64, Judged, MomentTable
from flowcheck.compile import Program
from flowcheck.judging.asked import nothing_judged, take_rows
from flowcheck.judging.batch import FlowBatch, judge_flows
from flowcheck.judging.circumstances import Circumstances
from flowcheck.kernels import flow_keys as kernels
from flowcheck.kernels.books import Beside, KeyedRows
from flowcheck.model.timeline import BEGINNING, END

NOTHING_ADDED = (0, 0, 0, 0, END, BEGINNING, END, BEGINNING)
"""The sums of a key before its first row: the columns from FLOW_RECORDS on."""


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
        self._book = make_book()
        self._circumstances = Circumstances(program, moments)
        self._judged = Beside(nothing_judged(0))

    def clear(self) -> None:
        """Forget all rows."""
        self._book.clear()
        self._judged.clear()
        self._circumstances.clear()

    def add(self, batch: FlowBatch, named: Int32, first_row: int) -> tuple[Int32, Int64, FlowArrays]:
        """Add the rows that are not left out; returns (numbers (rows,): of each row's key, -1 none; which
        rows are the first of a new key; these rows). named (rows,) int32: the service port that the record
        names, -1 none."""
        circumstances = self._circumstances.of(batch, named, first_row)
        numbers, new = add_flows(self._book, batch.flows, circumstances)
        firsts = take_rows(batch.flows, new)
        if len(new):
            self._judged.append(judge_first(self._program, batch, new, firsts))
        return numbers, new, firsts

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


def judge_first(program: Program, batch: FlowBatch, new: Int64, firsts: FlowArrays) -> Judged:
    """What is said of the rows that are the first of a new key (n,), which ``firsts`` are."""
    places = enumerate(new.tolist()) if batch.several else ()
    several = {place: batch.several[row] for place, row in places if row in batch.several}
    return judge_flows(program, firsts, several, batch.told.take(new) if batch.told else None)
