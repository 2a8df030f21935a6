"""Words that stand for things, and a table to find them again in."""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import Integer, UInt64
from flowcheck.kernels.jit import kernel

OTHER_PORT, ONE_PORT, POINT = np.uint64(8), np.uint64(24), np.uint64(40)
"""Where parts of the last word of :func:`connection_key` begin; in its lowest bits is the protocol."""


@kernel
def mix(word: np.uint64) -> np.uint64:
    """Spread the bits of a word. Source: splitmix64's finalizer."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@kernel
def mix_three(one: Integer, two: Integer, three: Integer) -> np.uint64:
    """64 well mixed bits of three words, for less than :func:`mix` of each."""
    mixed = np.uint64(one) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= np.uint64(two) * np.uint64(0xC2B2AE3D27D4EB4F)
    mixed ^= np.uint64(three) * np.uint64(0x165667B19E3779F9)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    return mixed ^ (mixed >> np.uint64(32))


@kernel
def connection_key(
    one: np.uint64, other: np.uint64, one_port: int, other_port: int, tag: Integer
) -> np.uint64:
    """A word for one direction of one 5-tuple; never 0. one, other: address keys. tag: the protocol, and what
    else tells connections apart, such as the observation point << POINT."""
    ports = (np.uint64(one_port) << ONE_PORT) | (np.uint64(other_port) << OTHER_PORT) | np.uint64(tag)
    mixed = one * np.uint64(0x9E3779B97F4A7C15) + other * np.uint64(0xC2B2AE3D27D4EB4F)
    key = mix(mixed + ports * np.uint64(0x165667B19E3779F9))
    return key if key != np.uint64(0) else np.uint64(1)


@kernel
def find_key(table: UInt64, key: np.uint64) -> Integer:
    """The slot of a key in an open-addressing table of uint64, or the empty slot where it belongs."""
    mask = np.uint64(table.size - 1)
    slot = key & mask
    while table[slot] != np.uint64(0) and table[slot] != key:
        slot = (slot + np.uint64(1)) & mask
    return np.int64(slot)
