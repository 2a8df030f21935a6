"""Lines of JSON that differ from an earlier one in times, UUIDs, ports, addresses and endpoints alone.

Such values are cut out: what follows ``"time":``, ``"uuid":`` and ``_port":`` up to the value's end, where it
has the one form that is read here, and pieces (:mod:`.pieces`). A line is known again by what is left. Cuts
(lines, MOST_CUTS, 2) int32: where each begins and ends; values (lines, MOST_CUTS + 1) int64: a time in
microseconds since 1970 UTC, a port, what a piece stands for, 0 of what nothing reads; NEW or less, by its
hash, of a piece that is new. A line has no more than MOST_CUTS: what comes after is left in it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flowcheck.arrays import Int32, Int64, Integer, UInt8, UInt64
from flowcheck.kernels.jit import inlined, kernel
from flowcheck.kernels.logs.pieces import ADDRESS, KIND_BITS, UNREAD, Pieces, find_piece, piece_after
from flowcheck.kernels.logs.values import NONE, end_of_object, end_of_value, port_after, time_in
from flowcheck.kernels.logs.words import EIGHT, eight_of, is_same, marks_in, mixed, next_pair, word_at

MOST_CUTS = 16
NEW = -2
"""The value of a piece that is new, or less."""
_MOST = np.uint64(MOST_CUTS)
_ONE, _FOUR, _STRIDE = np.uint64(1), np.uint64(4), np.uint64(16)
_NEWLINE, _SPACE, _QUOTE, _DASH, _BRACE = 10, 32, 34, 45, 123
_STDOUT, _STDERR = (np.uint64(int.from_bytes(name, "little")) for name in (b"stdout F", b"stderr F"))
_TAG = np.uint64(9)
"""Bytes of either, and the space behind it."""
_TIME, _UUID, _PORT = (
    np.uint64(int.from_bytes(name, "little")) for name in (b'"time"', b'"uuid"', b'_port"')
)
_FAR = np.uint64(64)
_PRIME = np.uint64(0xC2B2AE3D27D4EB4F)
_NEWLINES, _COLONS, _QUOTES = eight_of("\n"), eight_of(":"), eight_of('"')


class Cut(NamedTuple):
    """Lines of a block as they are cut. starts, ends (lines,) int32; n_cuts (lines,) int32: how many cuts, or
    -1 less that where a line is to be read by itself; classes (lines, MOST_CUTS) uint8: those of pieces;
    hashes (lines,) uint64."""

    starts: Int32
    ends: Int32
    n_cuts: Int32
    cuts: Int32
    values: Int64
    classes: UInt8
    hashes: UInt64


@inlined
def note_ends(
    words: UInt64, first: np.uint64, last: np.uint64, starts: Int32, ends: Int32, line: np.uint64
) -> np.uint64:
    """Note the lines that end in some words; how many there are now."""
    for place in range(first, last):
        if marks_in(words[place], _NEWLINES) != 0:
            for byte in range(EIGHT):
                is_end = (words[place] >> (EIGHT * byte)) & np.uint64(0xFF) == _NEWLINE
                if is_end and line < np.uint64(starts.size):
                    starts[line] = 0 if line == 0 else ends[line - _ONE] + 1
                    ends[line] = EIGHT * place + byte
                    line += _ONE
    return line


@kernel
def find_lines(words: UInt64, starts: Int32, ends: Int32) -> Integer:
    """Where lines that have an end begin and end; no more of them than ``starts`` has room for. Returns how
    many. words: the bytes by eight.
    """
    line, first, last = np.uint64(0), np.uint64(0), np.uint64(words.size)
    while first + _STRIDE <= last:
        marks = np.uint64(0)
        for place in range(_STRIDE):
            marks |= marks_in(words[first + place], _NEWLINES)
        if marks != 0:
            line = note_ends(words, first, first + _STRIDE, starts, ends, line)
        first += _STRIDE
    return np.int64(note_ends(words, first, last, starts, ends, line))


@inlined
def record_start(data: UInt8, start: np.uint64, last: np.uint64) -> np.uint64:
    """Where what a container runtime wrote as one whole line begins; of all other lines the start."""
    at, n_spaces = start, 0
    if start + EIGHT < last and data[start + _FOUR] == _DASH:
        while at < last and at < start + _FAR and data[at] != _BRACE:
            n_spaces += data[at] == _SPACE
            at += _ONE
        if at < last and at > start + _TAG + EIGHT and n_spaces == 3 and data[at - _ONE] == _SPACE:
            tag = word_at(data, at - _TAG)
            if ((tag == _STDOUT) | (tag == _STDERR)) and data[at - _TAG - _ONE] == _SPACE:
                return at if data[at] == _BRACE else start
    return start


@kernel
def cut_lines(data: UInt8, cut: Cut, pieces: Pieces, first_line: int, end_line: int) -> None:
    """Cut some of the lines; what a container runtime puts before them is left out."""
    starts, ends, n_cuts, cuts, values = cut.starts, cut.ends, cut.n_cuts, cut.cuts, cut.values
    classes, hashes = cut.classes, cut.hashes
    for line in range(np.uint64(first_line), np.uint64(end_line)):
        last = np.uint64(ends[line])
        start = record_start(data, np.uint64(starts[line]), last)
        starts[line] = start
        n = found = time_at = time_end = np.uint64(0)
        piece, at, is_whole = start, start + EIGHT, True
        time: Integer = NONE
        while True:
            at = next_pair(data, at, last, _COLONS, _QUOTES)
            if at >= last:
                break
            whole_name = word_at(data, at - EIGHT)
            name = whole_name >> np.uint64(16)
            at += _ONE
            value: Integer = NONE
            class_ = np.uint8(0)
            begin = end = at + np.uint64(data[at] == _SPACE)
            if name == _PORT:
                end, value = port_after(data, begin, last)
            elif ((name == _TIME) | (name == _UUID)) and data[begin] == _QUOTE:
                begin += _ONE
                end = end_of_value(data, begin, last)
                length = end - begin
                if length == 0 or data[end] != _QUOTE:
                    continue
                if name == _UUID:
                    value = np.int64(0)
                elif time_end - time_at == length and is_same(data, begin, data, time_at, length):
                    value = time
                else:
                    time = value = time_in(data, begin, end)
                    time_at, time_end = begin, end
            else:
                kind, begin, end = piece_after(data, whole_name, begin, last)
                if kind == UNREAD:
                    value = np.int64(0) if end > begin else NONE
                    class_ = np.uint8(UNREAD) << KIND_BITS
                elif kind != 0 and end > begin:
                    hash_ = mixed(np.uint64(kind), data, begin, end) >> np.uint64(2)
                    number = find_piece(pieces, hash_, kind, data, begin, end)
                    if number < 0 and kind != ADDRESS:
                        end = end_of_object(data, begin, last)
                        if end == begin:
                            continue
                        hash_ = mixed(np.uint64(kind), data, begin, end) >> np.uint64(2)
                        number = find_piece(pieces, hash_, kind, data, begin, end)
                    if number >= 0:
                        value, class_ = np.int64(pieces.values[number]), pieces.classes[number]
                        is_whole &= bool(value >= 0)
                    else:
                        value, class_ = NEW - np.int64(hash_), np.uint8(kind) << KIND_BITS
                        is_whole = False
            if value != NONE and n < _MOST:
                cuts[line, n, 0], cuts[line, n, 1] = begin, end
                values[line, n] = value
                classes[line, n] = class_
                found = mixed(found ^ np.uint64(class_) * _PRIME, data, piece, begin)
                n += _ONE
                piece = at = end
        n_cuts[line] = n if is_whole else -1 - np.int64(n)
        hashes[line] = mixed(found, data, piece, last)


@kernel
def cut_again(data: UInt8, cut: Cut, pieces: Pieces, lines: Int32) -> None:
    """Cut these lines once more, after their new pieces were learned."""
    for line in lines:
        cut.values[line, :MOST_CUTS] = 0
        cut_lines(data, cut, pieces, line, line + 1)
