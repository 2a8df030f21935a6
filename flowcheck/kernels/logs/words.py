"""Bytes by eight: to mix them and to compare them."""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import UInt8
from flowcheck.kernels.hashing import mix, mix_three
from flowcheck.kernels.jit import inlined

EIGHT, _STRIDE = np.uint64(8), np.uint64(64)
_PRIME = np.uint64(0x9E3779B97F4A7C15)

_LOWEST, _HIGHEST = (np.uint64(byte * 0x0101010101010101) for byte in (1, 128))


def eight_of(byte: str) -> np.uint64:
    """A word of one byte, eight times."""
    return np.uint64(ord(byte) * 0x0101010101010101)


@inlined
def marks_in(word: np.uint64, wanted: np.uint64) -> np.uint64:
    """Not 0 where a word has the byte of which ``wanted`` has eight; the lowest bit set is the highest of the
    first such byte. Source: "haszero", S. E. Anderson, Bit Twiddling Hacks."""
    word ^= wanted
    return (word - _LOWEST) & ~word & _HIGHEST


@inlined
def place_of(marks: np.uint64) -> np.uint64:
    """Which byte of a word the first mark is for."""
    below = (marks & (~marks + np.uint64(1))) - np.uint64(1)
    return (((below & _LOWEST) * _LOWEST) >> np.uint64(56)) - np.uint64(1)


@inlined
def next_pair(data: UInt8, at: np.uint64, stop: np.uint64, wanted: np.uint64, before: np.uint64) -> np.uint64:
    """Where a byte is next that stands behind another; ``wanted`` and ``before`` have eight of either.
    ``stop`` or past it where they are not before."""
    while at < stop:
        marks = marks_in(word_at(data, at), wanted)
        if marks != 0:
            marks &= marks_in(word_at(data, at - np.uint64(1)), before)
            if marks != 0:
                return at + place_of(marks)
        at += EIGHT
    return at


@inlined
def word_at(data: UInt8, at: np.uint64) -> np.uint64:
    """Eight bytes, as one word."""
    word = np.uint64(data[at])
    word |= np.uint64(data[at + np.uint64(1)]) << np.uint64(8)
    word |= np.uint64(data[at + np.uint64(2)]) << np.uint64(16)
    word |= np.uint64(data[at + np.uint64(3)]) << np.uint64(24)
    word |= np.uint64(data[at + np.uint64(4)]) << np.uint64(32)
    word |= np.uint64(data[at + np.uint64(5)]) << np.uint64(40)
    word |= np.uint64(data[at + np.uint64(6)]) << np.uint64(48)
    word |= np.uint64(data[at + np.uint64(7)]) << np.uint64(56)
    return word


@inlined
def mixed(found: np.uint64, data: UInt8, begin: np.uint64, end: np.uint64) -> np.uint64:
    """A hash with a piece of a line added; four words at a time, as no one of them waits for another."""
    at = begin
    one, two, three = found, found, found
    while at + np.uint64(32) <= end:
        found = (found ^ word_at(data, at)) * _PRIME
        one = (one ^ word_at(data, at + np.uint64(8))) * _PRIME
        two = (two ^ word_at(data, at + np.uint64(16))) * _PRIME
        three = (three ^ word_at(data, at + np.uint64(24))) * _PRIME
        found ^= found >> np.uint64(32)
        one ^= one >> np.uint64(32)
        two ^= two >> np.uint64(32)
        three ^= three >> np.uint64(32)
        at += np.uint64(32)
    found = mix_three(found ^ (one << np.uint64(1)), two, three)
    while at + EIGHT <= end:
        found = (found ^ word_at(data, at)) * _PRIME
        found ^= found >> np.uint64(32)
        at += EIGHT
    rest = np.uint64(end - begin)
    while at < end:
        rest = (rest << EIGHT) | np.uint64(data[at])
        at += np.uint64(1)
    return mix(found ^ rest)


@inlined
def is_same(data: UInt8, begin: np.uint64, text: UInt8, first: np.uint64, length: np.uint64) -> bool:
    """Whether some bytes are those of a text; many at a time, for which a processor has instructions."""
    at = np.uint64(0)
    while at + _STRIDE <= length:
        differing = np.uint8(0)
        for byte in range(_STRIDE):
            differing |= data[begin + at + byte] ^ text[first + at + byte]
        if differing != 0:
            return False
        at += _STRIDE
    while at < length:
        if data[begin + at] != text[first + at]:
            return False
        at += np.uint64(1)
    return True
