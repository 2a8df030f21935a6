"""Lines known again: those that differ from one that was read before in times, UUIDs, ports and ends alone.

A line is read once with marks for such values; where a mark comes out is where the values of all lines like
it belong. Whatever a reader makes of a line must not hang on these values in any other way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from flowcheck.arrays import Int32, Int64
from flowcheck.flows.logs.alike.blocks import Block
from flowcheck.flows.logs.alike.marks import PORT_MARKS, TIME_MARKS, WIDTH, Told
from flowcheck.flows.logs.alike.pieces import Decode, KnownPieces
from flowcheck.kernels.logs.lines import MOST_CUTS, Cut
from flowcheck.kernels.logs.patterns import (
    UNKNOWN,
    Patterns,
    WhereTold,
    find_patterns,
    know_lines,
    tell_lines,
)

MOST_PATTERNS, MOST_TEXT = 1 << 15, 1 << 25
"""Of patterns, and of their bytes: past either, all are forgotten."""
Mark = Callable[[int, int], bytes | None]
"""(a piece's class, a cut) -> what stands for such a piece there; None where nothing reads it."""


class Values(NamedTuple):
    """What known lines say. known (lines,) bool; times (lines,) int64 and told (WIDTH, lines) int32: as
    Reports has them, and only of lines that are known."""

    known: np.ndarray
    times: Int64
    told: Int32


class Repeats:
    """Use for the blocks of one log: :meth:`cut`, :meth:`learn` what it is worth, :meth:`values`."""

    def __init__(self, decode: Decode, mark: Mark) -> None:
        self._found = np.empty(0, dtype=np.int32)
        self._pieces, self._mark = KnownPieces(decode), mark
        self.forget()

    @property
    def are_many(self) -> bool:
        return self._pieces.is_full

    def forget(self) -> None:
        self._pieces.forget()
        self._forget_patterns()

    def _forget_patterns(self) -> None:
        self._n = 0
        self._patterns = Patterns(
            np.zeros(2 * MOST_PATTERNS, dtype=np.int32),
            np.empty(MOST_PATTERNS, dtype=np.uint64),
            np.zeros(MOST_PATTERNS + 1, dtype=np.int64),
            np.empty((MOST_PATTERNS, MOST_CUTS + 1), dtype=np.int32),
            np.empty((MOST_PATTERNS, MOST_CUTS), dtype=np.uint8),
            np.empty(MOST_TEXT, dtype=np.uint8),
        )
        self._told = WhereTold(
            np.zeros(MOST_PATTERNS, dtype=np.int32),
            np.zeros((MOST_PATTERNS, WIDTH), dtype=np.int32),
            np.zeros((MOST_PATTERNS, WIDTH), dtype=np.int32),
        )
        self._once: set[int] = set()
        self._is_stale = True

    def cut(self, block: Block) -> Cut:
        n = len(block.starts)
        cuts = np.empty((n, MOST_CUTS, 2), dtype=np.int32)
        values = np.zeros((n, MOST_CUTS + 1), dtype=np.int64)
        n_cuts, hashes = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.uint64)
        classes = np.empty((n, MOST_CUTS), dtype=np.uint8)
        cut = Cut(block.starts.copy(), block.ends, n_cuts, cuts, values, classes, hashes)
        self._found, self._is_stale = np.empty(n, dtype=np.int32), False
        know_lines(block.data, cut, self._pieces.table, self._patterns, self._found)
        if int(n_cuts.min(initial=0)) < 0:
            self._pieces.learn(block, cut)
            self._is_stale = True
        values[:, MOST_CUTS] = -1
        return cut

    def worth_learning(self, block: Block, cut: Cut) -> list[int]:
        """The first lines of what is not known, and comes the second time. Call after :meth:`cut`."""
        self._find_again(block, cut)
        unknown = np.flatnonzero((self._found == UNKNOWN) & (cut.n_cuts >= 0))
        hashes, firsts, counts = np.unique(cut.hashes[unknown], return_index=True, return_counts=True)
        worth = []
        for hash_, first, count in zip(
            hashes.tolist(), unknown[firsts].tolist(), counts.tolist(), strict=True
        ):
            if count > 1 or hash_ in self._once:
                worth.append(first)
        if len(self._once) > 4 * MOST_PATTERNS:
            self._once.clear()
        self._once.update(hashes.tolist())
        return worth

    def marked(self, block: Block, cut: Cut, line: int) -> bytes:
        """A line with marks for the values that are cut out of it."""
        pieces, begin = [], int(cut.starts[line])
        for n in range(int(cut.n_cuts[line])):
            at, end = cut.cuts[line, n].tolist()
            class_ = int(cut.classes[line, n])
            if class_:
                mark = self._mark(class_, n)
            else:
                mark = (TIME_MARKS[n] if block.data[at - 1] == ord('"') else str(PORT_MARKS[n])).encode()
            if mark is not None:
                pieces += [block.data[begin:at].tobytes(), mark]
                begin = end
        return b"".join([*pieces, block.data[begin : block.ends[line]].tobytes()])

    def learn(self, block: Block, cut: Cut, line: int, told: Told) -> None:
        """Tell the same of all lines like this one."""
        n_cuts = int(cut.n_cuts[line])
        edges = [int(cut.starts[line]), *cut.cuts[line, :n_cuts].ravel().tolist(), int(block.ends[line])]
        pieces = [block.data[begin:end] for begin, end in zip(edges[::2], edges[1::2], strict=True)]
        size = sum(map(len, pieces))
        if size > MOST_TEXT // 16:
            return
        if self._n == MOST_PATTERNS or self._patterns.first[self._n] + size > MOST_TEXT:
            self._forget_patterns()
        self._is_stale = True
        known, mine, hash_ = self._patterns, self._n, int(cut.hashes[line])
        mask = len(known.slots) - 1
        slot = hash_ & mask
        while known.slots[slot]:
            if known.hashes[known.slots[slot] - 1] == cut.hashes[line]:
                return
            slot = (slot + 1) & mask
        known.slots[slot], known.hashes[mine] = mine + 1, cut.hashes[line]
        begin = int(known.first[mine])
        known.text[begin : begin + size] = np.concatenate(pieces)
        known.first[mine + 1] = begin + size
        known.lengths[mine] = -1
        known.lengths[mine, : n_cuts + 1] = [len(piece) for piece in pieces]
        known.classes[mine] = cut.classes[line]
        self._told.time[mine], self._told.places[mine], self._told.constants[mine] = told
        self._n += 1

    def values(self, block: Block, cut: Cut) -> Values:
        """What the known lines of a block say; call after :meth:`worth_learning`."""
        self._find_again(block, cut)
        n = len(self._found)
        times, told = np.empty(n, dtype=np.int64), np.empty((WIDTH, n), dtype=np.int32)
        tell_lines(self._found, cut.values, self._told, times, told)
        return Values(self._found != UNKNOWN, times, told)

    def _find_again(self, block: Block, cut: Cut) -> None:
        if self._is_stale:
            find_patterns(block.data, cut, 0, len(self._found), self._patterns, self._found)
            self._is_stale = False
