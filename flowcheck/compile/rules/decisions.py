"""Everything that can come out for one side of a flow, numbered: fixed ones, rules, then default denies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from sys import intern

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import UInt8
from flowcheck.model.places import SourceLocation
from flowcheck.model.policy import Action, Direction, Policy, Rule
from flowcheck.model.ports import Ports
from flowcheck.model.verdict import Reason

_VERDICTS = {Action.ALLOW: a.ALLOW, Action.DENY: a.DENY, Action.PASS: a.NOT_APPLICABLE}


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that can come out for one side of a flow.

    ``text`` is what reports show (empty: no policy applied), ``policies`` the policies and rules behind it,
    ``tiers`` those of the policies of a default deny. ``rule``, ``without``: it is that decision, where
    without its rule this other would come out; -1: it tells no such thing.
    """

    verdict: int
    reason: int = 0
    text: str = ""
    policies: tuple[str, ...] = ()
    sources: tuple[SourceLocation, ...] = ()
    tiers: tuple[str, ...] = ()
    rule: int = -1
    without: int = -1


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """Provenance of one rule: which policy, which entry, where it is written; and what flows it can be about.
    ``namespace`` is its policy's."""

    policy: str
    label: str
    tier: str
    direction: Direction
    action: str
    source: SourceLocation
    namespace: str
    ports: tuple[Ports, ...] | None

    @property
    def name(self) -> str:
        return rule_name(self.policy, self.label)


def rule_name(policy: str, label: str) -> str:
    return f"{policy}[{label}]"


@dataclass(frozen=True, slots=True)
class NumberedRule:
    """A rule with its policy, that one's number, and its decision's, in the order rules are asked."""

    policy: Policy
    rule: Rule
    direction: Direction
    policy_number: int
    decision: int


def number_rules(policies: Sequence[Policy]) -> list[NumberedRule]:
    """Rules in the order they are asked, their decisions from FIRST_RULE_DECISION on. Those of one policy
    that are parts of one rule as written (they share label and action) are one decision."""
    numbered: list[NumberedRule] = []
    number = a.FIRST_RULE_DECISION
    for place, policy in enumerate(policies):
        for direction in Direction:
            known: dict[tuple[str, Action], int] = {}
            for rule in policy.rules(direction):
                decision = known.setdefault((rule.label, rule.action), number)
                number += decision == number
                numbered.append(NumberedRule(policy, rule, direction, place, decision))
    return numbered


def written_rules(rules: Sequence[NumberedRule]) -> tuple[RuleInfo, ...]:
    """Each rule as written, in the order of their decisions."""
    parts: dict[int, list[NumberedRule]] = {}
    for rule in rules:
        parts.setdefault(rule.decision, []).append(rule)
    return tuple(_info(of_one) for of_one in parts.values())


def _info(parts: Sequence[NumberedRule]) -> RuleInfo:
    first = parts[0]
    ports = [part.rule.ports for part in parts]
    known = [own for own in ports if own is not None]
    return RuleInfo(
        policy=str(first.policy),
        label=first.rule.label,
        tier=first.policy.tier.name,
        direction=first.direction,
        action=first.rule.action.value,
        source=first.rule.source,
        namespace=first.policy.namespace,
        ports=None if len(known) < len(ports) else tuple(dict.fromkeys(chain.from_iterable(known))),
    )


@dataclass(slots=True)
class Decisions:
    """Each set of policies that isolate somebody is a decision too, numbered when it is first asked for.

    ``policies`` by their numbers; ``known`` so far, in the order of their numbers; ``n_rules``: how many of
    them are rules'; ``default_denies``: the number of each by its policies; ``alternatives``: likewise by
    what is decided, and what would be. numbers (2, decisions or more) uint8: the verdict and the reason of
    each."""

    policies: tuple[Policy, ...]
    known: list[Decision]
    default_denies: dict[tuple[int, ...], int]
    numbers: UInt8
    n_rules: int = 0
    alternatives: dict[tuple[int, int], int] = field(default_factory=dict)

    @classmethod
    def of(cls, policies: Sequence[Policy], rules: Sequence[NumberedRule]) -> Decisions:
        first_of = {rule.decision: rule for rule in reversed(rules)}
        known = [*_fixed(), *(_of_rule(first_of[number]) for number in sorted(first_of))]
        numbers = [one.verdict for one in known], [one.reason for one in known]
        return cls(tuple(policies), known, {}, np.array(numbers, dtype=np.uint8), len(first_of))

    @property
    def verdict(self) -> UInt8:
        return self.numbers[0, : len(self.known)]

    @property
    def reason(self) -> UInt8:
        return self.numbers[1, : len(self.known)]

    def default_deny(self, by: tuple[int, ...]) -> int:
        """The decision that nothing allows what these policies isolate from."""
        if by not in self.default_denies:
            decision = _default_deny([self.policies[number] for number in by])
            self.default_denies[by] = self._add(decision)
        return self.default_denies[by]

    def instead(self, rule: int, without: int) -> int:
        """A decision that also tells which other would come out without the rule that decides."""
        if (rule, without) not in self.alternatives:
            decision = replace(self.known[rule], rule=rule, without=without)
            self.alternatives[rule, without] = self._add(decision)
        return self.alternatives[rule, without]

    def _add(self, decision: Decision) -> int:
        number = len(self.known)
        self.known.append(decision)
        if number == self.numbers.shape[1]:  # twice as many: one by one they were copied each time
            self.numbers = np.concatenate([self.numbers, np.zeros_like(self.numbers)], axis=1)
        self.numbers[:, number] = decision.verdict, decision.reason
        return number

    def listed(self) -> tuple[Decision, ...]:
        """In the order of their numbers."""
        return tuple(self.known)


def _fixed() -> list[Decision]:
    fixed = [
        Decision(a.NOT_APPLICABLE),
        Decision(a.ALLOW),
        Decision(a.ALLOW),
        Decision(a.ALLOW),
        Decision(a.DENY),
        *(Decision(a.UNKNOWN, reason) for reason in range(len(Reason))),
    ]
    return fixed + [Decision(a.NOT_APPLICABLE)] * (a.FIRST_RULE_DECISION - len(fixed))


def _of_rule(numbered: NumberedRule) -> Decision:
    rule = numbered.rule
    name = rule_name(str(numbered.policy), rule.label)
    return Decision(_VERDICTS[rule.action], text=name, policies=(name,), sources=(rule.source,))


def _default_deny(by: Sequence[Policy]) -> Decision:
    ordered = sorted(by, key=str)
    names = [str(policy) for policy in ordered]
    return Decision(
        a.DENY,
        text="default-deny by " + ", ".join(names),
        policies=tuple(intern(f"default-deny by {name}") for name in names),
        sources=tuple(policy.source for policy in ordered),
        tiers=tuple(policy.tier.name for policy in ordered),
    )
