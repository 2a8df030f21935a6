"""The kernels of this folder, called once on next to nothing, for :mod:`flowcheck.kernels.warmup`."""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import Int32, Int64, Rows, UInt8
from flowcheck.kernels.without import instead, weighing


def warm(rows: Rows) -> None:
    """``rows``: one."""
    rule_of = weighing.RuleOf(_int32(1) - 1, _int32(1) - 1, _int32(0))
    work = weighing.Work(np.zeros(1, dtype=np.int8), *(_int32(4) for _ in range(7)))
    lists = weighing.Lists(_int64(1, 2), _int32(0, 2), _int32(3), _int32(3), 1, 1)
    bits, pairs, known = np.zeros(0, dtype=np.uint32), np.zeros(2, dtype=np.uint64), _uint8(0)
    asked, one, verdict = (rows, rule_of, lists), _int32(1), _uint8(64)
    weighing.weigh_lists(*asked, one, verdict, known, bits, _int32(0, 4), work, pairs)
    instead.trace_lists(*asked, one, known, known, work, pairs, pairs)
    nobody, decided = _int64(1) - 1, _int32(1, 4)
    instead.alternatives(*asked, nobody, decided, one, verdict, known, work, pairs, _int32(1, 4))
    classes = _int64(1), _uint8(1), _int32(0, 5)
    instead.real_ends(_int32(0), _int64(2), _int32(0), *classes, False, _int32(1, 2))


def _int32(*shape: int) -> Int32:
    return np.zeros(shape, dtype=np.int32)


def _int64(*shape: int) -> Int64:
    return np.zeros(shape, dtype=np.int64)


def _uint8(*shape: int) -> UInt8:
    return np.zeros(shape, dtype=np.uint8)
