"""Decisions that also tell what would be decided without their rule: so that flows can be counted by that."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64, Rows, UInt64
from flowcheck.compile.rules.decisions import Decisions
from flowcheck.compile.rules.outcome.numbered import Numbered, room_for
from flowcheck.compile.rules.ports import PortClasses
from flowcheck.kernels.without.instead import alternatives
from flowcheck.kernels.without.weighing import Lists

SEVERAL = a.UNKNOWN_DECISION + a.REASON_NO_PORT
"""What is decided without a rule where that hangs on a port that was not recorded."""


class Alternatives:
    """Of one direction's rows."""

    def __init__(self, rows: Rows, numbered: Numbered, ports: PortClasses, decisions: Decisions) -> None:
        self._rows, self._ports, self._decisions = rows, ports, decisions
        self._rule_of = numbered.of_rows(rows.decision)
        n_rules = len(numbered.infos)
        self._work = room_for(rows, n_rules)
        self._chosen = np.empty(max(len(rows.decision), 1), dtype=np.int32)
        self._known = np.zeros(n_rules, dtype=np.uint8)
        self._no_pairs: UInt64 = np.zeros(0, dtype=np.uint64)

    def told(self, decided: Int32, lists: Lists, places: Int64) -> Int32:
        """(lists, ports) int32: for every decision that is a rule's, the one that also tells what would be
        decided without it. ``decided`` as from ``decide_lists``; ``places`` (nodes,) int64: the number of
        each node's list, -1 of none."""
        other = np.full_like(decided, -1)
        what = self._rows, self._rule_of, lists, places, decided, self._chosen, self._decisions.verdict
        if len(self._rows.decision):
            alternatives(*what, self._known, self._work, self._no_pairs, other)
        self._of_missing_ports(decided, other)
        return self._numbered(decided, other)

    def doubted(self, decided: Int32, where: np.ndarray, doubt: int) -> Int32:
        """(ports,) int32: the same where it is open which of several decides, though all say the same."""
        known = self._decisions.known
        rule = np.array([known[one].rule if known[one].rule >= 0 else one for one in decided.tolist()])
        counts = (rule == a.NO_POLICY) | (rule >= a.FIRST_RULE_DECISION)
        counts &= where & (rule < a.FIRST_RULE_DECISION + self._decisions.n_rules)
        other = np.where(counts, a.UNKNOWN_DECISION + doubt, -1)
        found = self._numbered(np.where(counts, rule, decided)[None].astype(np.int32), other[None])
        return np.ascontiguousarray(found[0])

    def _of_missing_ports(self, decided: Int32, other: Int32) -> None:
        """As it is of all numbers, where those agree."""
        starts, verdict = self._ports.slot_starts.tolist(), self._decisions.verdict
        for slot, (first, end) in enumerate(pairwise(starts)):
            at = self._ports.other + 1 + slot
            own = other[:, first:end]
            of_rule = (own >= 0).all(axis=1) & (decided[:, first:end] == decided[:, [at]]).all(axis=1)
            same = (verdict[own] == verdict[own[:, :1]]).all(axis=1)
            other[:, at] = np.where(of_rule, np.where(same, own[:, 0], SEVERAL), -1)
            open_ = (decided[:, at] == a.NO_POLICY) & (decided[:, first:end] != a.NO_POLICY).any(axis=1)
            other[open_, at] = SEVERAL

    def _numbered(self, decided: Int32, other: Int32) -> Int32:
        pairs = decided.astype(np.int64) << a.HALF | (other + 1)
        distinct, which = np.unique(pairs, return_inverse=True)
        numbers = [self._number(one >> a.HALF, (one & a.LOW_WORD) - 1) for one in distinct.tolist()]
        found: Int32 = np.array(numbers, dtype=np.int32)[which.ravel()].reshape(decided.shape)
        return found

    def _number(self, decision: int, other: int) -> int:
        return decision if other < 0 else self._decisions.instead(decision, other)
