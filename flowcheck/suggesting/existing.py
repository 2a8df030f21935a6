"""What the policies that there are say of one side of a contact, as far as a suggestion must know it."""

from __future__ import annotations

from enum import Enum

import numpy as np

from flowcheck import arrays as a
from flowcheck.compile import Program
from flowcheck.model.policy import Direction
from flowcheck.model.tiers import Tier


class State(Enum):
    """``NOT_ASKED``: no policy is for that end. ``NEVER``: none can deny it. ``OPEN``: nothing isolates, or
    it is open what is said. ``ALLOWED``: a rule allows it, whatever else isolates. ``DENIED``: isolated, and
    a rule would let it through. ``FORBIDDEN``: denied so that no rule of a suggestion undoes it."""

    NOT_ASKED, NEVER, OPEN, ALLOWED, DENIED, FORBIDDEN = range(6)


class Existing:
    """Of one program. ``own``: the tier that suggested policies are in."""

    def __init__(self, program: Program, own: Tier) -> None:
        self._program, self._own = program, own
        cluster = program.cluster
        self._tiers = {policy.tier.name: policy.tier for policy in cluster.policies} if cluster else {}
        self._rules = dict(program.rules_by_decision())
        self._known: dict[int, State] = {}
        self._isolated: dict[tuple[int, Direction], bool] = {}

    def state(self, decision: int) -> State:
        if decision not in self._known:
            self._known[decision] = self._state(decision)
        return self._known[decision]

    def text(self, decision: int) -> str:
        """What decided."""
        return self._program.decisions[decision].text

    def _state(self, decision: int) -> State:
        if decision == a.NO_SUBJECT:
            return State.NOT_ASKED
        if decision in (a.SAME_POD, a.OWN_NODE):
            return State.NEVER
        verdict = self._program.tables.verdict[decision]
        if verdict == a.DENY:
            return self._denied(decision)
        rule = self._rules.get(decision)
        if verdict == a.ALLOW and rule is not None and not self._is_behind(rule.tier):
            return State.ALLOWED
        return State.OPEN

    def _denied(self, decision: int) -> State:
        made, rule = self._program.decisions[decision], self._rules.get(decision)
        if rule is not None:
            return State.DENIED if self._is_behind(rule.tier) else State.FORBIDDEN
        others = [name for name in made.tiers if name != self._own.name and not self._is_behind(name)]
        return State.FORBIDDEN if others else State.DENIED

    def _is_behind(self, name: str) -> bool:
        """Whether a tier is asked after that of suggestions, so that what these isolate never gets there."""
        tier = self._tiers.get(name)
        return tier is not None and tier.place > self._own.place

    def isolates(self, endpoint: int, direction: Direction) -> bool:
        """Whether policies isolate a pod's endpoint, as they are last."""
        tables = self._program.tables
        is_egress = direction is Direction.EGRESS
        table = tables.egress if is_egress else tables.ingress
        subject = tables.endpoints[endpoint, a.EGRESS_SUBJECT if is_egress else a.INGRESS_SUBJECT]
        row = int(table.row[-1, subject])
        if (row, direction) not in self._isolated:
            decisions = np.unique(table.decision[np.unique(table.vector[row])])
            made = (self._program.decisions[int(one)] for one in decisions)
            self._isolated[row, direction] = any(self._own.name in one.tiers for one in made)
        return self._isolated[row, direction]
