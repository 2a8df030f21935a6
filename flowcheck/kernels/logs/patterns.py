"""Lines that are known again by what is left of them once kernels.logs.lines has cut them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flowcheck.arrays import Int32, Int64, UInt8, UInt64
from flowcheck.kernels.jit import kernel
from flowcheck.kernels.logs.lines import MOST_CUTS, Cut, cut_lines
from flowcheck.kernels.logs.pieces import Pieces
from flowcheck.kernels.logs.words import is_same

UNKNOWN = -1
_NEAR = 64
"""Lines that stay in a near cache."""


class Patterns(NamedTuple):
    """What is left of known lines. slots (2 * room,) int32: a pattern's number + 1, by its hash; hashes
    (room,) uint64; first (room + 1,) int64: where the bytes of each begin in ``text``, uint8; lengths (room,
    MOST_CUTS + 1) int32: of what is between its cuts, -1 past the last; classes (room, MOST_CUTS) uint8."""

    slots: Int32
    hashes: UInt64
    first: Int64
    lengths: Int32
    classes: UInt8
    text: UInt8


class WhereTold(NamedTuple):
    """Of each pattern: the cut that holds its time (patterns,) int32; and of each number that is told of a
    line, the cut that holds it, -1 for none, and what it is where none does: (patterns, width) int32."""

    time: Int32
    places: Int32
    constants: Int32


@kernel
def find_patterns(
    data: UInt8, cut: Cut, first_line: int, end_line: int, patterns: Patterns, found: Int32
) -> None:
    """Of some of the lines. found (lines,) int32: the number of the pattern that each line has, UNKNOWN
    where it has none."""
    mask = np.uint64(patterns.slots.size - 1)
    starts, ends, n_cuts, cuts, hashes = cut.starts, cut.ends, cut.n_cuts, cut.cuts, cut.hashes
    slots, known, first, lengths, classes, text = patterns
    for line in range(np.uint64(first_line), np.uint64(end_line)):
        found[line] = UNKNOWN
        if n_cuts[line] < 0:
            continue
        slot = hashes[line] & mask
        while slots[slot] != 0 and known[slots[slot] - 1] != hashes[line]:
            slot = (slot + np.uint64(1)) & mask
        if slots[slot] == 0:
            continue
        number = slots[slot] - 1
        at, begin = np.uint64(first[number]), np.uint64(starts[line])
        n = np.uint64(n_cuts[line])
        is_it = True
        for piece in range(n + np.uint64(1)):
            end = np.uint64(cuts[line, piece, 0]) if piece < n else np.uint64(ends[line])
            length = end - begin
            if lengths[number, piece] != np.int64(length) or not is_same(data, begin, text, at, length):
                is_it = False
                break
            at += length
            if piece < n:
                if classes[number, piece] != cut.classes[line, piece]:
                    is_it = False
                    break
                begin = np.uint64(cuts[line, piece, 1])
        if is_it and (n == MOST_CUTS or lengths[number, n + np.uint64(1)] < 0):
            found[line] = number


@kernel
def tell_lines(found: Int32, values: Int64, told: WhereTold, times: Int64, numbers: Int32) -> None:
    """What the lines of each pattern say. values: those of Cut. times (lines,) int64 and numbers (width,
    lines) int32 are written where a line has a pattern."""
    time_of, places, constants = told
    for line in range(np.uint64(found.size)):
        if found[line] == UNKNOWN:
            continue
        pattern = np.uint64(found[line])
        times[line] = values[line, np.uint64(time_of[pattern])]
        for n in range(np.uint64(places.shape[1])):
            place = places[pattern, n]
            numbers[n, line] = constants[pattern, n] if place < 0 else values[line, np.uint64(place)]


@kernel
def know_lines(data: UInt8, cut: Cut, pieces: Pieces, patterns: Patterns, found: Int32) -> None:
    """Cut all lines and find their patterns, some at a time, as they are in a near cache then."""
    for first in range(0, found.size, _NEAR):
        last = min(first + _NEAR, found.size)
        cut_lines(data, cut, pieces, first, last)
        find_patterns(data, cut, first, last, patterns, found)
