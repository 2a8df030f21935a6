"""Columns of a log in one pass each: nulls, widths, and rows that are left out; limits, and ends exchanged.

Which of two values a row takes is as good as drawn by lot: it is chosen by masks, in the one form that LLVM
makes no branch of, as one that is guessed wrong every other time takes ten times as long.
"""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import AnyArray, Int32, Int64, Integer, UInt8
from flowcheck.kernels.jit import inlined, kernel

MISSING = -1
"""Stands for a value that is not there: all bits set."""


@inlined
def chosen(one: Integer, other: Integer, takes_one: Integer) -> np.int64:
    """One of two numbers; ``takes_one`` is 1 or 0."""
    return np.int64(other ^ ((np.int64(one) ^ np.int64(other)) & -np.int64(takes_one)))


@kernel
def pick(values: AnyArray, rows: Int32, out: AnyArray) -> None:
    """out (rows,): the values of some rows; past the last, as all that are less than 0, the last stands.
    values: read-only, as Arrow has them."""
    last = np.uint32(values.size - 1)
    for k in range(out.size):
        out[k] = values[min(np.uint32(rows[k]), last)]


@kernel
def pick_valid(values: AnyArray, valid: UInt8, begin: int, rows: Int32, out: AnyArray) -> None:
    """The same of rows that there are, MISSING where there is no value. valid: a bit for each value, of which
    that of the first is ``begin``."""
    for k in range(out.size):
        row = np.uint32(rows[k])
        at = np.uint64(begin) + row
        bit = np.int64((valid[at >> np.uint64(3)] >> (at & np.uint64(7))) & np.uint64(1))
        out[k] = values[row] | (bit - 1)


@kernel
def fit(
    values: Int64,
    others: Int64,
    turned: UInt8,
    wanted: UInt8,
    low: int,
    high: int,
    out: AnyArray,
    valid: UInt8,
    wrong: UInt8,
) -> tuple[int, int]:
    """out (rows,): a column of narrower numbers, of ``others`` where ``turned``. valid: 0 where it is
    MISSING, or not ``wanted``, or wrong; wrong: 1 where it lies outside low to high. Returns how many
    there are that are not valid, and that are wrong."""
    n_valid = n_wrong = 0
    for row in range(values.size):
        value = chosen(others[row], values[row], turned[row])
        there = np.uint8(value != MISSING) & wanted[row]
        odd = there & (np.uint8(value < low) | np.uint8(value > high))
        fits = there ^ odd
        out[row] = value & -np.int64(fits)
        valid[row], wrong[row] = fits, odd
        n_valid += fits
        n_wrong += odd
    return values.size - n_valid, n_wrong


@kernel
def exchange(turned: UInt8, one: Int32, other: Int32) -> None:
    """Exchange the values of two columns where ``turned``."""
    for row in range(turned.size):
        first, second = one[row], other[row]
        one[row], other[row] = chosen(second, first, turned[row]), chosen(first, second, turned[row])


@kernel
def fill_from(one: Int32, other: Int32) -> None:
    """Give ``one`` the value of ``other`` where its own is less than 0."""
    for row in range(one.size):
        one[row] = chosen(one[row], other[row], one[row] >= 0)
