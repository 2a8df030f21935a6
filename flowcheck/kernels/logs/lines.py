"""Lines of JSON that differ from an earlier one in their times, UUIDs and ports alone.

Such values are cut out: what follows ``"time":"``, ``"uuid":"`` and ``_port":`` up to the value's end, where
it has the one form that is read here. A line is known again by what is left. Cuts (lines, MOST_CUTS, 2)
int32: where each begins and ends; values (lines, MOST_CUTS or more) int64: a time in microseconds since 1970
UTC, a port, 0 of a UUID. A line has no more than MOST_CUTS: what comes after is left in it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flowcheck.arrays import Int32, Int64, Integer, UInt8, UInt64
from flowcheck.kernels.jit import inlined, kernel
from flowcheck.kernels.logs.values import NONE, end_of_value, port_after, time_in
from flowcheck.kernels.logs.words import EIGHT, is_same, mixed, word_at

MOST_CUTS = 6
_MOST = np.uint64(MOST_CUTS)
_ONE, _FOUR, _STRIDE = np.uint64(1), np.uint64(4), np.uint64(16)
_NEWLINE, _SPACE, _QUOTE, _DASH, _COLON, _BRACE = 10, 32, 34, 45, 58, 123
_STDOUT, _STDERR = (np.uint64(int.from_bytes(name, "little")) for name in (b"stdout F", b"stderr F"))
_TAG = np.uint64(9)
"""Bytes of either, and the space behind it."""
_TIME, _UUID, _PORT = (
    np.uint64(int.from_bytes(name, "little")) for name in (b'"time"', b'"uuid"', b'_port"')
)
_NEAR, _FAR = np.uint64(512), np.uint64(64)
_NEWLINES, _LOWEST, _HIGHEST = (np.uint64(byte * 0x0101010101010101) for byte in (10, 1, 128))


class Cut(NamedTuple):
    """Lines of a block as they are cut. starts, ends, n_cuts (lines,) int32; hashes (lines,) uint64."""

    starts: Int32
    ends: Int32
    n_cuts: Int32
    cuts: Int32
    values: Int64
    hashes: UInt64


@inlined
def marks_in(word: np.uint64) -> np.uint64:
    """Not 0 where one of the bytes of a word is a line's end."""
    word ^= _NEWLINES
    return (word - _LOWEST) & ~word & _HIGHEST


@inlined
def note_ends(
    words: UInt64, first: np.uint64, last: np.uint64, starts: Int32, ends: Int32, line: np.uint64
) -> np.uint64:
    """Note the lines that end in some words; how many there are now."""
    for place in range(first, last):
        if marks_in(words[place]) != 0:
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
    many. words: the bytes by eight. Source: "haszero", S. E. Anderson, Bit Twiddling Hacks.
    """
    line, first, last = np.uint64(0), np.uint64(0), np.uint64(words.size)
    while first + _STRIDE <= last:
        marks = np.uint64(0)
        for place in range(_STRIDE):
            marks |= marks_in(words[first + place])
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
def cut_lines(data: UInt8, cut: Cut, first_line: int, end_line: int) -> None:
    """Cut some of the lines; what a container runtime puts before them is left out. Values are looked for in
    _NEAR bytes from where a line begins, until there are two ports, and in _FAR bytes before its end."""
    starts, ends, n_cuts, cuts, values = cut.starts, cut.ends, cut.n_cuts, cut.cuts, cut.values
    hashes = cut.hashes
    for line in range(np.uint64(first_line), np.uint64(end_line)):
        last = np.uint64(ends[line])
        start = record_start(data, np.uint64(starts[line]), last)
        starts[line] = start
        n = n_ports = found = time_at = time_end = np.uint64(0)
        piece = start
        at, stop, far = start + EIGHT, min(last, start + _NEAR), max(last, start + _FAR) - _FAR
        time: Integer = NONE
        while True:
            while at < stop and (data[at] != _COLON or data[at - _ONE] != _QUOTE):
                at += _ONE
            if at >= stop:
                if stop == last:
                    break
                at, stop = max(at, far), last
                continue
            name = word_at(data, at - EIGHT) >> np.uint64(16)
            at += _ONE
            value: Integer = NONE
            begin = end = at + np.uint64(data[at] == _SPACE)
            if name == _PORT:
                end, value = port_after(data, begin, last)
                n_ports += np.uint64(value >= 0)
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
            if value >= 0 and n < _MOST:
                cuts[line, n, 0], cuts[line, n, 1] = begin, end
                values[line, n] = value
                found = mixed(found, data, piece, begin)
                n += _ONE
                piece = at = end
                stop = min(stop, at) if n_ports == 2 and stop <= far else stop
        n_cuts[line] = n
        hashes[line] = mixed(found, data, piece, last)
