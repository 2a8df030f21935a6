"""The order of decision over one side's policies, as ``model/policy.py`` states it, keeping what was asked.

What no input tells is answered in every way; the way in which nothing that is open matches comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flowcheck.explaining.asking.checks import Hanging, check_subject, check_whom
from flowcheck.explaining.asking.tries import Tried, hold
from flowcheck.explaining.question import Asked
from flowcheck.explaining.records import Check
from flowcheck.model.policy import Action, Policy, Tier
from flowcheck.model.protocols import WITH_PORTS
from flowcheck.model.tiers import tiers_of
from flowcheck.model.verdict import Verdict

IN_LEVEL = (Action.DENY, Action.ALLOW, Action.PASS)
"""What is asked first within a level."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Where a walk ended: the tier and the rule; no rule: isolation; no tier: nothing decided."""

    verdict: Verdict
    tier: Tier | None = None
    tried: Tried | None = None
    isolating: tuple[Policy, ...] = ()

    @property
    def decided_by(self) -> str:
        if self.tried is not None:
            return f"{self.tried.policy}[{self.tried.rule.label}]"
        return "default-deny by " + ", ".join(self.names) if self.isolating else ""

    @property
    def names(self) -> list[str]:
        return sorted(set(map(str, self.isolating)))


@dataclass(frozen=True, slots=True)
class AskedTier:
    """One tier: its policies that select the subject, or may, and speak of the direction; their rules in the
    order they are asked; and who isolates the subject, each with what that hangs on (None: it does)."""

    tier: Tier
    policies: tuple[tuple[Policy, Check], ...]
    tried: tuple[Tried, ...]
    isolating: tuple[tuple[Policy, Hanging | None], ...]


def ask_all(question: Asked, policies: Sequence[Policy]) -> list[AskedTier]:
    return [_ask(tier, question, [p for p in policies if p.tier == tier]) for tier in tiers_of(policies)]


def _ask(tier: Tier, question: Asked, policies: Sequence[Policy]) -> AskedTier:
    """Hold every rule of a tier against the flow, of the policies that select the subject, or may."""
    direction = question.direction
    speaking: list[tuple[Policy, Check]] = []
    tried: list[Tried] = []
    isolating: list[tuple[Policy, Hanging | None]] = []
    for policy in policies:
        taken, hanging = check_subject(policy, question)
        if taken.match == "no" or not (policy.rules(direction) or direction in policy.isolates):
            continue
        speaking.append((policy, taken))
        tried += [hold(policy, rule, question, hanging) for rule in policy.rules(direction)]
        for whom in policy.isolates_whom(direction):
            of_these, open_for = check_whom(policy, whom, question)
            if of_these.match != "no":
                isolating.append((policy, open_for))
    if tier.by_level:
        tried.sort(key=lambda one: (one.level, IN_LEVEL.index(one.rule.action)))
    return AskedTier(tier, tuple(speaking), tuple(tried), tuple(isolating))


def endings(asked: Sequence[AskedTier], question: Asked) -> Iterator[Ending]:
    """Where the walk ends for each way to answer what it hangs on; the one with noes only comes first."""
    left: list[dict[Hanging, bool]] = [{}]
    while left:
        answers = left.pop()
        ending = _conclude(asked, question, answers)
        if isinstance(ending, Ending):
            yield ending
        else:
            left += [{**answers, ending: True}, {**answers, ending: False}]


def _conclude(
    asked: Sequence[AskedTier], question: Asked, answers: Mapping[Hanging, bool]
) -> Ending | Hanging:
    """The walk itself, or what to answer before it can go on."""
    for tier in asked:
        first = None
        for tried in tier.tried:
            holds = tried.holds(answers)
            if not isinstance(holds, bool):
                return holds
            if holds:
                first = tried
                break
        if first is not None and first.rule.action is not Action.PASS:
            allows = first.rule.action is Action.ALLOW
            return Ending(Verdict.ALLOW if allows else Verdict.DENY, tier.tier, first)
        if first is None and not tier.tier.asked_last:
            found = _isolation([tier], question, answers)
            if found is not None:
                return found
    return _isolation([one for one in asked if one.tier.asked_last], question, answers) or Ending(
        Verdict.ALLOW
    )


def _isolation(
    asked: Sequence[AskedTier], question: Asked, answers: Mapping[Hanging, bool]
) -> Ending | Hanging | None:
    """What no rule decided is denied to whom a policy of a tier that denies isolates."""
    by = []
    for tier in asked:
        for policy, hanging in tier.isolating if tier.tier.denies else ():
            if hanging is not None and hanging not in answers:
                return hanging
            if hanging is None or answers[hanging]:
                by.append((tier.tier, policy))
    if not by:
        return None
    portless = question.protocol not in WITH_PORTS and question.options.icmp == "unknown"
    is_open = portless and all(tier.icmp_open for tier, _ in by)
    verdict = Verdict.UNKNOWN if is_open else Verdict.DENY
    return Ending(verdict, by[0][0], None, tuple({id(policy): policy for _, policy in by}.values()))


def first_open(asked: Sequence[AskedTier]) -> tuple[Tried | Policy, Hanging]:
    """The first that is open, in the order asked: a rule, or a policy that may isolate."""
    return next(_open(asked))


def _open(asked: Sequence[AskedTier]) -> Iterator[tuple[Tried | Policy, Hanging]]:
    for tier in asked:
        yield from ((tried, tried.hangs_on[0]) for tried in tier.tried if tried.match == "maybe")
        if not tier.tier.asked_last:
            yield from _perhaps_isolating(tier)
    for tier in asked:
        if tier.tier.asked_last:
            yield from _perhaps_isolating(tier)


def _perhaps_isolating(tier: AskedTier) -> Iterator[tuple[Policy, Hanging]]:
    return ((policy, hanging) for policy, hanging in tier.isolating if hanging and tier.tier.denies)
