"""One direction weighed: each rule left out of every cell in which it might matter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from flowcheck import arrays as a
from flowcheck.algebra.cells import Cells
from flowcheck.algebra.real import Real
from flowcheck.arrays import Int32, UInt8, UInt32, UInt64
from flowcheck.compile.rules.directions import LaidOut
from flowcheck.compile.rules.outcome.numbered import Numbered, room_for
from flowcheck.kernels.without.instead import trace_lists
from flowcheck.kernels.without.weighing import PERHAPS, SURELY, weigh_lists

Pairs = frozenset[tuple[int, int]]
"""Of a rule and a decision."""
WITNESS = 4
"""Of a cell where a rule's absence changes the verdict: subject, peer, class of ports, class of source
ports."""


@dataclass
class Weighed:
    """What came of it, by rule. known (rules,) uint8: SURELY, PERHAPS; reasons (rules,) uint32: a bit for
    each reason of the latter; witness (rules, 4) int32, -1 none; reached (rules,) uint8: MATCHED, REACHED, of
    those of which nothing is known. Pairs of rules and decisions: ``over``: what a later tier would say
    otherwise; ``before``: what decides where a rule is not reached; ``instead``: what does without it."""

    known: UInt8
    reasons: UInt32
    witness: Int32
    reached: UInt8
    over: Pairs = frozenset()
    before: Pairs = frozenset()
    instead: Pairs = frozenset()

    @classmethod
    def nothing(cls, n_rules: int) -> Weighed:
        return cls(
            np.zeros(n_rules, dtype=np.uint8),
            np.zeros(n_rules, dtype=np.uint32),
            np.full((n_rules, WITNESS), -1, dtype=np.int32),
            np.zeros(n_rules, dtype=np.uint8),
        )


class PairSet:
    """A set that kernels add to. What they add is done again with a larger one, where this becomes too
    full."""

    def __init__(self) -> None:
        self._table: UInt64 = np.zeros(1 << 10, dtype=np.uint64)
        self._before: list[UInt64] = []

    def table(self) -> UInt64:
        return self._table

    def is_full(self) -> bool:
        """Whether something may have found no room: then there is more now."""
        full = int(self._table[0]) * 2 >= len(self._table)
        if full:
            self._before.append(self._table[1:][self._table[1:] != 0])
            self._table = np.zeros(len(self._table) * 4, dtype=np.uint64)
        return full

    def pairs(self) -> Pairs:
        words = np.unique(np.concatenate([*self._before, self._table[1:]]))
        words = words[words != 0]
        rules, decisions = (words >> np.uint64(32)).astype(np.int64) - 1, words & np.uint64(0xFFFFFFFF)
        return frozenset(zip(rules.tolist(), decisions.tolist(), strict=True))


def weigh(laid: LaidOut, real: Real, numbered: Numbered, *, only_tcp: bool = False) -> Weighed:
    """``only_tcp``: nothing else is asked."""
    n_rules, n_rows = len(numbered.infos), len(laid.rows.decision)
    found = Weighed.nothing(n_rules)
    if not n_rows:
        return found
    rule_of = numbered.of_rows(laid.rows.decision)
    work = room_for(laid.rows, n_rules, len(laid.decider.defaults(())[0]))
    chosen: Int32 = np.empty(n_rows, dtype=np.int32)
    decisions = laid.decider.decisions
    cells, over = Cells(laid, real, only_tcp=only_tcp), PairSet()
    for group in cells.groups():
        settled = found.known & SURELY
        while True:
            told = found.known, found.reasons, found.witness
            weigh_lists(laid.rows, rule_of, group.lists, chosen, decisions.verdict, *told, work, over.table())
            if not over.is_full():
                break
        newly = (found.known & SURELY) > settled
        found.witness[newly, 3] = group.source
    _leave_open(found, (rule_of.row[rows] for rows in cells.undecided))
    found.over = over.pairs()
    wanted: UInt8 = (found.known == 0).astype(np.uint8)
    of_row = np.where(rule_of.row >= 0, wanted[rule_of.row], 0).astype(np.uint8)
    before, instead = PairSet(), PairSet()
    for group in cells.groups(of_row):
        while True:
            asked = laid.rows, rule_of, group.lists, chosen, wanted, found.reached, work
            trace_lists(*asked, before.table(), instead.table())
            if not (before.is_full() | instead.is_full()):
                break
    found.before, found.instead = before.pairs(), instead.pairs()
    return found


def together(several: Iterable[Weighed]) -> Weighed:
    """What came of several circumstances: a rule is needed where it is in any."""
    first, *others = several
    for one in others:
        newly = ((one.known & SURELY) > (first.known & SURELY))[:, None]
        first.witness = np.where(newly, one.witness, first.witness)
        first.known |= one.known
        first.reasons |= one.reasons
        first.reached |= one.reached
        first.over, first.before = first.over | one.over, first.before | one.before
        first.instead = first.instead | one.instead
    return first


def _leave_open(found: Weighed, undecided: Iterable[Int32]) -> None:
    for rules in undecided:
        known = rules[rules >= 0]
        found.known[known] |= PERHAPS
        found.reasons[known] |= np.uint32(1 << a.REASON_AMBIGUOUS_POLICY)
