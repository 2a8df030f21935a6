"""Members of sets, class by class."""

from __future__ import annotations

import numpy as np

from flowcheck.compile.rules import bitset
from flowcheck.kernels import classes


def test_a_set_has_the_classes_whose_representative_is_in_it() -> None:
    sets = np.array([bitset.from_indices(members, 70) for members in ([], [0, 69], [1])])
    used, representative = np.array([1, 0, 2], np.int32), np.array([0, 1, 69], np.int32)
    counts = classes.count_members(sets, used, representative)
    assert counts.tolist() == [2, 0, 1]
    members = np.empty(3, dtype=np.int32)
    classes.list_members(sets, used, representative, np.array([0, 2, 2], np.int64), members)
    assert members.tolist() == [0, 2, 1]


def test_a_set_of_whole_classes_splits_none() -> None:
    sets = np.array([bitset.from_indices([0, 1], 4), bitset.from_indices([0], 4)])
    found = np.array([0, 0, 1, 1], np.int32)
    assert classes.refine(sets, np.array([0], np.int32), found, 2) == 2
    assert found.tolist() == [0, 0, 1, 1]
    assert classes.refine(sets, np.array([0, 1], np.int32), found, 2) == 3
    assert found.tolist() == [2, 0, 1, 1]
