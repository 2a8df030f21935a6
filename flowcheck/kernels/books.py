"""Books: keys of two words, numbered in the order in which they come, with sums beside them.

rows (room, 2 + sums) int64 are the key and then its sums, which begin as those of ``neutral`` (2 + sums,)
int64; slots (2 * room,) int32, open addressing, hold a key's number + 1, 0 where free. Indexes are unsigned:
of any other, each look-up asks first whether it is negative, which took a fifth to a third of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import AnyArray, Int32, Int64, Integer
from flowcheck.kernels.hashing import mix_three
from flowcheck.kernels.jit import inlined, kernel

NO_ROOM = -1
BLOCK = 1024
"""Keys that stay in the nearest cache."""


@inlined
def number_of(slots: Int32, rows: Int64, neutral: Int64, n_used: int, one: Integer, two: Integer) -> int:
    """The number of a key; a new one is written down as number ``n_used``. NO_ROOM where there is none."""
    mask = np.uint64(slots.size - 1)
    slot = mix_three(one, two, 0) & mask
    while slots[slot] != 0:
        number: int = slots[slot] - 1
        if rows[number, a.ONE] == one and rows[number, a.TWO] == two:
            return number
        slot = (slot + np.uint64(1)) & mask
    if n_used == rows.shape[0]:
        return NO_ROOM
    rows[n_used, a.ONE], rows[n_used, a.TWO] = one, two
    for column in range(a.TWO + 1, neutral.size):
        rows[n_used, column] = neutral[column]
    slots[slot] = n_used + 1
    return n_used


@kernel
def number_keys(
    slots: Int32,
    rows: Int64,
    neutral: Int64,
    n_used: int,
    ones: Int64,
    twos: Int64,
    numbers: Int32,
    n: int,
) -> tuple[int, Integer]:
    """numbers (n,) int32: those of ``n`` keys; returns (numbers in use, how many keys there was room for).

    Most keys stand where they are looked for first: those are read ahead.
    """
    mask = np.uint64(slots.size - 1)
    for k in range(np.uint64(n)):
        numbers[k] = slots[mix_three(ones[k], twos[k], 0) & mask] - 1
    for k in range(np.uint64(n)):
        number = numbers[k]
        row = np.uint32(number)
        if number < 0 or rows[row, a.ONE] != ones[k] or rows[row, a.TWO] != twos[k]:
            number = number_of(slots, rows, neutral, n_used, ones[k], twos[k])
            if number == NO_ROOM:
                return n_used, np.int64(k)
            n_used = max(n_used, number + 1)
            numbers[k] = number
    return n_used, n


class KeyedRows:
    """Rows (room, 2 + sums) int64, of which those numbered 0 to ``used`` - 1 are in use: a key of two words,
    and sums that begin as ``neutral``. Keys keep their numbers when there is to be more room."""

    def __init__(self, neutral: Sequence[int], room: int) -> None:
        self.neutral = np.array([0, 0, *neutral], dtype=np.int64)
        self.refill(np.empty((0, len(self.neutral)), dtype=np.int64), room)

    def clear(self) -> None:
        """Forget all keys; the room stays."""
        self.slots[:] = 0
        self.used = 0

    def refill(self, rows: Int64, room: int) -> None:
        """Hold these rows, whose keys differ, and nothing else."""
        self.rows = np.empty((room, len(self.neutral)), dtype=np.int64)
        self.slots = np.zeros(2 * room, dtype=np.int32)
        self.used = 0
        self.number_rows(rows)
        self.rows[: self.used] = rows

    def grow(self) -> None:
        self.refill(self.content(), 2 * len(self.rows))

    def content(self) -> Int64:
        """The rows in use."""
        return self.rows[: self.used]

    def number_rows(self, rows: Int64) -> Int32 | None:
        """(n,) the numbers of the keys of rows (n, 2 or more), as :meth:`number`."""
        return self.number(*np.ascontiguousarray(rows[:, : a.TWO + 1].T))

    def number(self, ones: Int64, twos: Int64) -> Int32 | None:
        """(n,) the numbers of keys, each word (n,), new ones written down; None once there is no room."""
        n = len(ones)
        numbers = np.empty(n, dtype=np.int32)
        book = (self.slots, self.rows, self.neutral, self.used)
        self.used, done = number_keys(*book, ones, twos, numbers, n)
        return numbers if done == n else None


def number_distinct(ones: Int64, twos: Int64) -> tuple[Int64, Int32]:
    """(the first of each distinct pair of words, in their order; (n,) which of them each pair is). Counting
    them takes a seventh of the time of sorting them."""
    book = KeyedRows((), 1 << max(len(ones) - 1, 0).bit_length())
    which = book.number(ones, twos)
    assert which is not None
    first = np.empty(book.used, dtype=np.int64)
    first[which[::-1]] = np.arange(len(which) - 1, -1, -1)
    return first, which


Columns = TypeVar("Columns", bound=tuple[AnyArray, ...])


class Beside(Generic[Columns]):
    """Columns beside the rows of a book, by number: a NamedTuple of arrays (keys,) that grows at its end."""

    def __init__(self, none: Columns) -> None:
        """``none``: the columns of no keys."""
        self._columns = none
        self._used = 0

    def clear(self) -> None:
        """Forget all of them; the room stays."""
        self._used = 0

    def append(self, more: Columns) -> None:
        """Add the next numbers' columns, each (n,)."""
        before, used = self._used, self._used + len(more[0])
        if used > len(self._columns[0]):
            grown = [np.empty(2 * used, dtype=column.dtype) for column in more]
            for new, old in zip(grown, self._columns, strict=True):
                new[:before] = old[:before]
            self._columns = _alike(more, grown)
        for column, part in zip(self._columns, more, strict=True):
            column[before:used] = part
        self._used = used

    def content(self) -> Columns:
        """What was added, each (numbers,)."""
        return _alike(self._columns, [column[: self._used] for column in self._columns])


def _alike(like: Columns, columns: Sequence[AnyArray]) -> Columns:
    """Other columns in the same NamedTuple."""
    return type(like)(*columns)
