"""Which endpoints no set tells apart: partition refinement over the bitsets."""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import Int32, Int64, UInt64
from flowcheck.kernels.jit import kernel


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
    touched = np.empty(n_endpoints, np.int64)
    for u in range(used.size):
        row = used[u]
        n_members, n_touched = 0, 0
        for w in range(sets.shape[1]):
            word = sets[row, w]
            bit = 0
            while word != 0:
                if word & np.uint64(1) != 0:
                    e = w * 64 + bit
                    members[n_members] = e
                    n_members += 1
                    if inside[classes[e]] == 0:
                        touched[n_touched] = classes[e]
                        n_touched += 1
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
        for t in range(n_touched):
            inside[touched[t]] = 0
            moved_to[touched[t]] = -1
    return n_classes


@kernel
def class_at(representative: Int32, n_words: int) -> tuple[Int32, UInt64]:
    """Which class each endpoint stands for, -1 for none, and those that stand for one as a bitset.
    representative (classes,) int32: one endpoint of each class."""
    found = np.full(n_words * 64, -1, np.int32)
    mask = np.zeros(n_words, np.uint64)
    for c in range(representative.size):
        e = representative[c]
        found[e] = c
        mask[e >> 6] |= np.uint64(1) << np.uint64(e & 63)
    return found, mask


@kernel
def count_members(sets: UInt64, used: Int32, representative: Int32) -> Int64:
    """How many classes each used set holds. representative (classes,) int32: one endpoint of each class."""
    _, mask = class_at(representative, sets.shape[1])
    counts = np.zeros(used.size, np.int64)
    for u in range(used.size):
        for w in range(sets.shape[1]):
            word = sets[used[u], w] & mask[w]
            while word != 0:
                word &= word - np.uint64(1)
                counts[u] += 1
    return counts


@kernel
def list_members(sets: UInt64, used: Int32, representative: Int32, starts: Int64, members: Int32) -> None:
    """members (starts[-1],) int32: the classes of used set ``u`` from ``starts[u]`` on, ascending."""
    class_of, mask = class_at(representative, sets.shape[1])
    for u in range(used.size):
        at = starts[u]
        for w in range(sets.shape[1]):
            word = sets[used[u], w] & mask[w]
            e = w * 64
            while word != 0:
                if word & np.uint64(1) != 0:
                    members[at] = class_of[e]
                    at += 1
                word >>= np.uint64(1)
                e += 1
        members[starts[u] : at].sort()
