"""Bitsets over the endpoint axis as rows of 64-bit words, and the pool that keeps each distinct one once."""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import Int32, UInt64


def n_words(n_bits: int) -> int:
    return (n_bits + 63) // 64


def empty(n_bits: int) -> UInt64:
    return np.zeros(n_words(n_bits), dtype=np.uint64)


def from_indices(indices: list[int] | Int32, n_bits: int) -> UInt64:
    """The set of the given endpoints."""
    bits = np.zeros(n_words(n_bits) * 64, dtype=np.uint8)
    bits[indices] = 1
    return np.packbits(bits, bitorder="little").view(np.uint64)


def to_indices(words: UInt64) -> Int32:
    """The members of a set, ascending."""
    bits = np.unpackbits(words.view(np.uint8), bitorder="little")
    return np.flatnonzero(bits).astype(np.int32)


class SetPool:
    """Distinct bitsets, numbered in the order they first appear. Set 0 is the empty set."""

    def __init__(self, n_bits: int) -> None:
        self._n_words = n_words(n_bits)
        self._numbers: dict[bytes, int] = {}
        self.add(empty(n_bits))

    def add(self, words: UInt64) -> int:
        return self._numbers.setdefault(words.tobytes(), len(self._numbers))

    def matrix(self) -> UInt64:
        """(sets, words) uint64."""
        return np.frombuffer(b"".join(self._numbers), dtype=np.uint64).reshape(-1, self._n_words)
