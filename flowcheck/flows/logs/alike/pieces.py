"""The pieces of a log's lines that were decoded once, to be known again by their bytes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from flowcheck.flows.logs.alike.blocks import Block
from flowcheck.kernels.logs.lines import MOST_CUTS, NEW, Cut, cut_again
from flowcheck.kernels.logs.pieces import KIND_BITS, Pieces

MOST_PIECES, MOST_TEXT = 1 << 17, 1 << 26
Decode = Callable[[int, bytes], tuple[int, int]]
"""(kind, bytes) -> (its bits, its value or NOT_KNOWN)."""


class KnownPieces:
    """Use for the blocks of one log."""

    def __init__(self, decode: Decode) -> None:
        self._decode = decode
        self.forget()

    def forget(self) -> None:
        self.is_full = False
        self._n = 0
        self.table = Pieces(
            np.zeros(2 * MOST_PIECES, dtype=np.int32),
            np.empty(MOST_PIECES, dtype=np.uint64),
            np.zeros(MOST_PIECES + 1, dtype=np.int64),
            np.empty(MOST_PIECES, dtype=np.uint8),
            np.empty(MOST_PIECES, dtype=np.int32),
            np.empty(MOST_TEXT, dtype=np.uint8),
        )

    def learn(self, block: Block, cut: Cut) -> None:
        """Decode what is new in the lines of a block, and cut again those that have it."""
        lines, places = np.nonzero(cut.values[:, :MOST_CUTS] <= NEW)
        if not len(lines):
            return
        values, firsts = np.unique(cut.values[lines, places], return_index=True)
        for value, line, place in zip(
            values.tolist(), lines[firsts].tolist(), places[firsts].tolist(), strict=True
        ):
            begin, end = cut.cuts[line, place].tolist()
            self._add(NEW - value, int(cut.classes[line, place]) >> int(KIND_BITS), block.data[begin:end])
        cut_again(block.data, cut, self.table, np.unique(lines).astype(np.int32))

    def _add(self, hash_: int, kind: int, text: np.ndarray) -> None:
        table, number = self.table, self._n
        begin = int(table.first[number])
        self.is_full = number == MOST_PIECES or begin + len(text) > MOST_TEXT
        if self.is_full:
            return
        bits, value = self._decode(kind, text.tobytes())
        mask = len(table.slots) - 1
        slot = hash_ & mask
        while table.slots[slot]:
            slot = (slot + 1) & mask
        table.slots[slot], table.hashes[number] = number + 1, hash_
        table.text[begin : begin + len(text)] = text
        table.first[number + 1] = begin + len(text)
        table.classes[number], table.values[number] = kind << int(KIND_BITS) | bits, value
        self._n += 1
