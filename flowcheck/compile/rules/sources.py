"""Source classes: the stretches of ports at the source that no rule divides.

Rules seldom ask where a flow comes from, and no table is to grow by it: what they say is filled in once for
each class, as for each epoch, and a flow's class chooses as its time does. The last class is that of flows
whose source port was not recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, UInt16
from flowcheck.compile.rules.decisions import NumberedRule
from flowcheck.model.ports import LAST_NUMBER


class SourceClasses(NamedTuple):
    """class_of (65537,) uint16, by a port + 1, 0 of none; (0,) where no rule asks. ``asking`` (classes,
    rules) bool: whether the rule of each decision from FIRST_RULE_DECISION on may be about such a flow."""

    class_of: UInt16
    asking: np.ndarray

    @property
    def n(self) -> int:
        """How many classes there are, with that of ports not recorded."""
        return len(self.asking) + 1 if len(self.asking) else 1

    def allows(self, decision: Int32) -> list[np.ndarray]:
        """For each class but the last, which rows, of these decisions (rows,), are about its flows."""
        rules = decision - a.FIRST_RULE_DECISION
        is_rule = (rules >= 0) & (rules < self.asking.shape[-1])
        return [~is_rule | asked[np.where(is_rule, rules, 0)] for asked in self.asking]


def build_source_classes(rules: Sequence[NumberedRule]) -> SourceClasses:
    """Cut the numbers at every range's ends."""
    edges = {0}
    for numbered in rules:
        for one in numbered.rule.source_ports or ():
            edges |= {one.first, one.last + 1}
    starts = np.array(sorted(edge for edge in edges if edge <= LAST_NUMBER))
    if all(numbered.rule.source_ports is None for numbered in rules):
        return SourceClasses(np.empty(0, dtype=np.uint16), np.empty((0, 0), dtype=np.bool_))
    class_of = np.full(LAST_NUMBER + 2, len(starts), dtype=np.uint16)
    class_of[1:] = np.searchsorted(starts, np.arange(LAST_NUMBER + 1), side="right") - 1
    asking = np.ones((len(starts), len(rules)), dtype=np.bool_)
    for place, numbered in enumerate(rules):
        ranges = numbered.rule.source_ports
        if ranges is not None:
            inside = [[one.first <= start <= one.last for one in ranges] for start in starts.tolist()]
            asking[:, place] = [any(found) for found in inside]
    return SourceClasses(class_of, asking)
