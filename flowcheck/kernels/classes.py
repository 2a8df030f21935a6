"""Which endpoints no set tells apart: partition refinement over the bitsets."""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import Int32, Int64, UInt64
from flowcheck.kernels.jit import kernel


@kernel
def has_bit(sets: UInt64, row: int, bit: int) -> bool:
    """Whether endpoint ``bit`` is in set ``row``."""
    return bool((sets[row, bit >> 6] >> np.uint64(bit & 63)) & np.uint64(1))


@kernel
def refine(sets: UInt64, used: Int32, classes: Int32, n_classes: int) -> int:
    """Split ``classes`` until every set named in ``used`` is a union of classes; returns their number.

    sets (sets, words) uint64; used (n,) int32: rows of sets; classes (endpoints,) int32, changed in
    place. Every class keeps at least one member, so the numbers have no gaps.
    """
    n_endpoints = classes.size
    limit = n_classes + n_endpoints + 1
    size = np.zeros(limit, np.int64)
    inside = np.zeros(limit, np.int64)
    moved_to = np.full(limit, -1, np.int64)
    for e in range(n_endpoints):
        size[classes[e]] += 1
    members = np.empty(n_endpoints, np.int64)
    for u in range(used.size):
        row = used[u]
        n_members = 0
        for w in range(sets.shape[1]):
            word = sets[row, w]
            bit = 0
            while word != 0:
                if word & np.uint64(1) != 0:
                    e = w * 64 + bit
                    members[n_members] = e
                    n_members += 1
                    inside[classes[e]] += 1
                word >>= np.uint64(1)
                bit += 1
        for m in range(n_members):
            c = classes[members[m]]
            if moved_to[c] == -1 and inside[c] < size[c]:
                moved_to[c] = n_classes
                n_classes += 1
        for m in range(n_members):
            e = members[m]
            c = classes[e]
            target = moved_to[c]
            if target != -1:
                classes[e] = target
                size[target] += 1
                size[c] -= 1
        for m in range(n_members):
            e = members[m]
            inside[classes[e]] = 0
        for c in range(n_classes):
            if moved_to[c] != -1:
                inside[c] = 0
                moved_to[c] = -1
    return n_classes


@kernel
def count_members(sets: UInt64, used: Int32, representative: Int32) -> Int64:
    """How many classes each used set holds. representative (classes,) int32: one endpoint of each class."""
    counts = np.zeros(used.size, np.int64)
    for u in range(used.size):
        for c in range(representative.size):
            if has_bit(sets, used[u], representative[c]):
                counts[u] += 1
    return counts


@kernel
def list_members(sets: UInt64, used: Int32, representative: Int32, starts: Int64, members: Int32) -> None:
    """members (starts[-1],) int32: the classes of used set ``u`` at ``starts[u]:starts[u + 1]``."""
    for u in range(used.size):
        at = starts[u]
        for c in range(representative.size):
            if has_bit(sets, used[u], representative[c]):
                members[at] = c
                at += 1
