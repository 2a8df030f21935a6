"""The rows of one task by key, for two programs at once: each key is judged once by either, and rows add to
one set of sums.

A row's key is that of the first program; whatever tells rows apart for the second alone is a circumstance of
it. Mostly nothing does: who is who stays, and only policies differ.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from flowcheck import arrays as a
from flowcheck.arrays import FlowArrays, Int32, Int64, Judged, MomentTable
from flowcheck.compile import Program
from flowcheck.judging.asked import nothing_judged, take_rows
from flowcheck.judging.batch import FlowBatch
from flowcheck.judging.circumstances import Circumstances, numbered
from flowcheck.judging.keyed import add_flows, judge_first, make_book
from flowcheck.kernels.books import Beside, KeyedRows

NOT_MET = -1
"""Of an endpoint: no row has told yet who it is to the second program."""


class Ends(NamedTuple):
    """Who the second program says that the ends of keys are, each (keys,) int32."""

    src: Int32
    dst: Int32


class Under(NamedTuple):
    """One of both programs; ``moments`` as in :class:`flowcheck.judging.keyed.KeyedFlows`."""

    program: Program
    moments: MomentTable


class PairedFlows:
    """Use for rows in the order of their file. What has been cleared keeps its room."""

    def __init__(self, before: Under, after: Under) -> None:
        self._programs = before.program, after.program
        self._book = make_book()
        self._circumstances = Circumstances(*before), Circumstances(*after)
        self._both = KeyedRows((), 1 << 8)
        self._otherwise = KeyedRows((), 1 << 8)
        self._with_others = KeyedRows((), 1 << 8)
        self._judged = Beside(nothing_judged(0)), Beside(nothing_judged(0))
        self._ends = Beside(Ends(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32)))
        self._same: Int32 = np.full(len(before.program.tables.endpoints), NOT_MET, dtype=np.int32)

    def clear(self) -> None:
        """Forget all rows."""
        for book in (self._book, self._both, self._otherwise, self._with_others, self._ends):
            book.clear()
        for each in (*self._circumstances, *self._judged):
            each.clear()

    def add(self, before: FlowBatch, after: FlowBatch, first_row: int) -> tuple[Int32, Int64, FlowArrays]:
        """Add the rows that neither leaves out, of one batch as either program reads it; returns as
        :meth:`flowcheck.judging.keyed.KeyedFlows.add`, of the rows as the first does."""
        named = np.full(len(before.flows.src), -1, dtype=np.int32)
        one, other = (
            each.of(batch, named, first_row)
            for each, batch in zip(self._circumstances, (before, after), strict=True)
        )
        size = max(len(one), len(other))
        both = numbered(self._both, *(np.broadcast_to(each, size).copy() for each in (one, other)))
        both = self._with_what_differs(both, before.flows, after.flows)
        numbers, new = add_flows(self._book, before.flows, both)
        firsts = take_rows(before.flows, new)
        if len(new):
            seconds = take_rows(after.flows, new)
            batches = zip(self._programs, (before, after), (firsts, seconds), self._judged, strict=True)
            for program, batch, flows, judged in batches:
                judged.append(judge_first(program, batch, new, flows))
            self._ends.append(Ends(seconds.src, seconds.dst))
        return numbers, new, firsts

    def _with_what_differs(self, both: Int64, before: FlowArrays, after: FlowArrays) -> Int64:
        """Circumstances (rows,), or (1,) of all rows, with what the first program does not tell of a row: its
        ends to the second where they are not those that such rows have had so far, its port and initiator
        where they are others."""
        differs = self._is_not(before.src, after.src) | self._is_not(before.dst, after.dst)
        differs |= (before.port != after.port) | (before.judge != after.judge)
        rows = np.flatnonzero(differs)
        if not len(rows):
            return numbered(self._with_others, both, np.zeros_like(both))
        pairs = after.src[rows].astype(np.int64) << a.HALF | after.dst[rows]
        words = after.judge[rows].astype(np.int64) << a.AT_PROTOCOL | (after.port[rows].astype(np.int64) + 1)
        extra = np.zeros(len(differs), dtype=np.int64)
        extra[rows] = numbered(self._otherwise, pairs, words) + 1
        return numbered(self._with_others, np.broadcast_to(both, len(extra)).copy(), extra)

    def _is_not(self, before: Int32, after: Int32) -> npt.NDArray[np.bool_]:
        """(rows,) whether an end is another to the second program than it was when it was first met."""
        known = self._same.take(before)
        if known.min(initial=0) == NOT_MET:
            self._same[before[known == NOT_MET]] = after[known == NOT_MET]
            known = self._same.take(before)
        found: npt.NDArray[np.bool_] = known != after
        return found

    @property
    def judged(self) -> tuple[Judged, Judged]:
        """What either program says of each key, (keys,)."""
        return self._judged[0].content(), self._judged[1].content()

    def ends_from(self, first: int) -> Ends:
        """Those of the keys from this number on."""
        return Ends(*(side[first:] for side in self._ends.content()))

    @property
    def keys(self) -> Int64:
        """(keys, 10) int64, as in :func:`flowcheck.judging.keyed.make_book`."""
        return self._book.content()
