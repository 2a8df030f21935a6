"""Lines known again: those that differ from one that was read before in times, UUIDs and ports alone.

A line is read once with marks for such values; where a mark comes out is where the values of all lines like
it belong. Whatever a reader makes of a line must not hang on these values in any other way.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flowcheck.arrays import Int32, Int64
from flowcheck.flows.logs.alike.blocks import Block
from flowcheck.kernels.logs.lines import MOST_CUTS, Cut
from flowcheck.kernels.logs.patterns import UNKNOWN, Patterns, find_patterns, know_lines

TIME_MARKS = tuple(f"1970-01-01T00:00:0{n}Z" for n in range(MOST_CUTS))
PORT_MARKS = tuple(range(1, MOST_CUTS + 1))
"""What stands for the value of each cut."""
MOST_PATTERNS, MOST_TEXT = 1 << 15, 1 << 25
"""Of patterns, and of their bytes: past either, all are forgotten."""


class Places(NamedTuple):
    """Which cuts of a line hold its time and ports; -1: none does."""

    time: int
    src_port: int
    dst_port: int


class Values(NamedTuple):
    """What known lines say, each (lines,). numbers int32: what :meth:`Repeats.learn` was given, UNKNOWN where
    a line is not known. times int64: microseconds. ports int32: -1 for none."""

    numbers: Int32
    times: Int64
    src_ports: Int32
    dst_ports: Int32


class Repeats:
    """Use for the blocks of one log: :meth:`cut`, :meth:`learn` what it is worth, :meth:`values`."""

    def __init__(self) -> None:
        self._found = np.empty(0, dtype=np.int32)
        self.forget()

    def forget(self) -> None:
        self._n = 0
        self._first = np.zeros(MOST_PATTERNS + 1, dtype=np.int64)
        self._hashes = np.empty(MOST_PATTERNS, dtype=np.uint64)
        self._lengths = np.empty((MOST_PATTERNS, MOST_CUTS + 1), dtype=np.int32)
        self._slots = np.zeros(2 * MOST_PATTERNS, dtype=np.int32)
        self._text = np.empty(MOST_TEXT, dtype=np.uint8)
        self._told = np.full((MOST_PATTERNS, 4), -1, dtype=np.int32)
        self._once: set[int] = set()
        self._is_stale = True

    def cut(self, block: Block) -> Cut:
        n = len(block.starts)
        cuts = np.empty((n, MOST_CUTS, 2), dtype=np.int32)
        values = np.zeros((n, MOST_CUTS + 1), dtype=np.int64)
        n_cuts, hashes = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.uint64)
        cut = Cut(block.starts.copy(), block.ends, n_cuts, cuts, values, hashes)
        self._found, self._is_stale = np.empty(n, dtype=np.int32), False
        know_lines(block.data, cut, self._patterns(), self._found)
        values[:, MOST_CUTS] = -1
        return cut

    def worth_learning(self, cut: Cut) -> list[int]:
        """The first lines of what is not known, and comes the second time. Call after :meth:`cut`."""
        unknown = np.flatnonzero(self._found == UNKNOWN)
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
            mark = TIME_MARKS[n] if block.data[at - 1] == ord('"') else str(PORT_MARKS[n])
            pieces += [block.data[begin:at].tobytes(), mark.encode()]
            begin = end
        return b"".join([*pieces, block.data[begin : block.ends[line]].tobytes()])

    def learn(self, block: Block, cut: Cut, line: int, number: int, places: Places) -> None:
        """Give a number, 0 or more, to all lines like this one."""
        n_cuts = int(cut.n_cuts[line])
        edges = [int(cut.starts[line]), *cut.cuts[line, :n_cuts].ravel().tolist(), int(block.ends[line])]
        pieces = [block.data[begin:end] for begin, end in zip(edges[::2], edges[1::2], strict=True)]
        size = sum(map(len, pieces))
        if size > MOST_TEXT // 16:
            return
        if self._n == MOST_PATTERNS or self._first[self._n] + size > MOST_TEXT:
            self.forget()
        self._is_stale = True
        mine, hash_ = self._n, int(cut.hashes[line])
        mask = len(self._slots) - 1
        slot = hash_ & mask
        while self._slots[slot]:
            if self._hashes[self._slots[slot] - 1] == cut.hashes[line]:
                return
            slot = (slot + 1) & mask
        self._slots[slot], self._hashes[mine] = mine + 1, cut.hashes[line]
        begin = int(self._first[mine])
        self._text[begin : begin + size] = np.concatenate(pieces)
        self._first[mine + 1] = begin + size
        self._lengths[mine] = -1
        self._lengths[mine, : n_cuts + 1] = [len(piece) for piece in pieces]
        self._told[mine] = number, *places
        self._n += 1

    def values(self, block: Block, cut: Cut) -> Values:
        """What the known lines of a block say; call after :meth:`worth_learning`."""
        if self._is_stale:
            find_patterns(block.data, cut, 0, len(self._found), self._patterns(), self._found)
        found = self._found
        told = self._told[found]
        lines = np.arange(len(found))
        times, src_ports, dst_ports = (cut.values[lines, told[:, n]] for n in (1, 2, 3))
        numbers = np.where(found == UNKNOWN, UNKNOWN, told[:, 0])
        return Values(numbers, times, src_ports.astype(np.int32), dst_ports.astype(np.int32))

    def _patterns(self) -> Patterns:
        return Patterns(self._slots, self._hashes, self._first, self._lengths, self._text)
