"""Pieces of lines that come again and again by themselves: the objects of endpoints and Services, addresses.

Each is known by its kind and its bytes, and stands for a number that whoever decoded it once has given it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flowcheck.arrays import Int32, Int64, Integer, UInt8, UInt64
from flowcheck.kernels.jit import inlined
from flowcheck.kernels.logs.values import end_of_flat, end_of_value, likely_end
from flowcheck.kernels.logs.words import is_same

ADDRESS, ENDPOINT, SERVICE, UNREAD = 1, 2, 3, 4
"""The kinds of pieces; UNREAD is never looked up, as nothing reads it."""
KIND_BITS = np.uint8(2)
NOT_KNOWN = -1
_ONE = np.uint64(1)
_QUOTE, _OPEN = 34, 123


def _name(text: bytes) -> np.uint64:
    """The last eight bytes of a key and its closing quote."""
    return np.uint64(int.from_bytes(text[-8:], "little"))


_SOURCE, _DESTINATION, _TRANSLATED = _name(b'"source"'), _name(b'"destination"'), _name(b'"source_xlated"')
_OF_SERVICE, _ETHERNET, _INTERFACE = _name(b'_service"'), _name(b'"ethernet"'), _name(b'"interface"')
_SOURCE_NAMES, _DESTINATION_NAMES = _name(b'"source_names"'), _name(b'"destination_names"')


class Pieces(NamedTuple):
    """slots (2 * room,) int32: a piece's number + 1, by its hash; hashes (room,) uint64; first (room + 1,)
    int64: where the bytes of each begin in ``text``, uint8; classes (room,) uint8: its kind << KIND_BITS, and
    below it what of it decides how its line is read; values (room,) int32: what it stands for, NOT_KNOWN
    where its line is to be read by itself."""

    slots: Int32
    hashes: UInt64
    first: Int64
    classes: UInt8
    values: Int32
    text: UInt8


@inlined
def piece_after(
    data: UInt8, name: np.uint64, begin: np.uint64, last: np.uint64
) -> tuple[int, np.uint64, np.uint64]:
    """(kind, begin, end) of the piece that a key's value is; kind 0 where it is none. The end of an object is
    its likely end: where that has no piece that is known, look for it."""
    if (name == _SOURCE) | (name == _DESTINATION) | (name == _TRANSLATED):
        if data[begin] == _OPEN:
            return ENDPOINT, begin, likely_end(data, begin, last)
        if data[begin] == _QUOTE:
            end = end_of_value(data, begin + _ONE, last)
            return ADDRESS if data[end] == _QUOTE else 0, begin + _ONE, end
    elif name == _OF_SERVICE and data[begin] == _OPEN:
        return SERVICE, begin, likely_end(data, begin, last)
    elif (name == _ETHERNET) | (name == _INTERFACE) | (name == _SOURCE_NAMES) | (name == _DESTINATION_NAMES):
        return UNREAD, begin, end_of_flat(data, begin, last)
    return 0, begin, begin


@inlined
def find_piece(
    pieces: Pieces, hash_: np.uint64, kind: int, data: UInt8, begin: np.uint64, end: np.uint64
) -> Integer:
    """The number of a piece; NOT_KNOWN where it is new."""
    slots, hashes, first, classes, _, text = pieces
    mask, length = np.uint64(slots.size - 1), end - begin
    slot = hash_ & mask
    while slots[slot] != 0:
        number = np.uint32(slots[slot] - 1)
        at = np.uint64(first[number])
        if (
            hashes[number] == hash_
            and classes[number] >> KIND_BITS == kind
            and np.uint64(first[number + np.uint32(1)]) - at == length
            and is_same(data, begin, text, at, length)
        ):
            return np.int64(number)
        slot = (slot + _ONE) & mask
    return np.int64(NOT_KNOWN)
