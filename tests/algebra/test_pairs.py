"""The set of pairs that kernels add to."""

from __future__ import annotations

import numpy as np

from flowcheck.algebra.weighing import PairSet
from flowcheck.kernels.without.weighing import add_pair


def test_every_pair_is_kept_however_many_there_are() -> None:
    wanted = {(rule, rule * 7919 % 100_003) for rule in range(5_000)} | {(0, 0), (4_999, 2**31 - 1)}
    pairs = PairSet()
    while True:
        for rule, decision in wanted:
            add_pair(pairs.table(), rule, decision)
        if not pairs.is_full():
            break
    assert pairs.pairs() == wanted


def test_what_is_added_twice_is_there_once() -> None:
    table = np.zeros(8, dtype=np.uint64)
    for _ in range(20):
        add_pair(table, 3, 4)
    assert int(table[0]) == 1
    assert np.count_nonzero(table[1:]) == 1
