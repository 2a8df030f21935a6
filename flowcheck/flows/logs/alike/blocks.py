"""A log by blocks of whole lines, in one buffer that is used again: for readers that look at bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from flowcheck.arrays import Int32, UInt8
from flowcheck.flows.logs.text.source import MOST_LINE, TOO_LONG, Source
from flowcheck.kernels.logs.lines import find_lines

BLOCK_BYTES = 1 << 22
_SHORTEST = 16
"""Bytes of a line on average, at least; a block of shorter ones ends early."""


class Block(NamedTuple):
    """Some lines: bytes ``starts`` to ``ends`` (lines,) int32 of ``data``, uint8, which the next block will
    overwrite. ``first``: the number of the first line, from 0."""

    first: int
    data: UInt8
    starts: Int32
    ends: Int32

    def text(self, line: int) -> bytes:
        """A line without its end."""
        return self.data[self.starts[line] : self.ends[line]].tobytes().removesuffix(b"\r")


def blocks(source: Source) -> Iterator[Block]:
    """All lines; one without an end is the last, and one past MOST_LINE begins with TOO_LONG.

    **Raises**: FlowFormatError where the log is packed, and damaged.
    """
    buffer, held, first, at_end = np.zeros(BLOCK_BYTES, dtype=np.uint8), 0, 0, False
    with source.stream() as stream:
        while held or not at_end:
            if not at_end:
                room = memoryview(buffer)[held:-8]  # type: ignore[arg-type] # an array is a buffer
                n_read = source.take_into(stream, room)
                held, at_end = held + n_read, n_read < len(room)
            if at_end and held and buffer[held - 1] != ord("\n"):
                buffer[held] = ord("\n")
                held += 1
            buffer[held : held + 8] = 0
            starts, ends = (np.empty(len(buffer) // _SHORTEST, dtype=np.int32) for _ in range(2))
            words = buffer[: -(-held // 8) * 8].view(np.uint64)
            n_lines = find_lines(words, starts, ends)
            if n_lines:
                yield Block(first, buffer, starts[:n_lines], ends[:n_lines])
                first += n_lines
                done = int(ends[n_lines - 1]) + 1
                buffer[: held - done] = buffer[done:held]
                held -= done
            elif len(buffer) < MOST_LINE:
                buffer = np.concatenate([buffer, np.zeros_like(buffer)])
            elif held:
                buffer[0], held = TOO_LONG[0], 1
