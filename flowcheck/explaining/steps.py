"""What was asked of one side, as records: the tiers up to the one that decided, and what came of each."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from flowcheck.counted import listed
from flowcheck.explaining.asking.tiers import AskedTier, Ending
from flowcheck.explaining.asking.tries import Tried
from flowcheck.explaining.question import Asked
from flowcheck.explaining.records import PolicyStep, RuleStep, TierStep
from flowcheck.model.mesh.tiers import PEER_AUTHENTICATION
from flowcheck.model.policy import Action, Policy, Tier
from flowcheck.model.verdict import Verdict

TIERS = {"ADMIN": "Admin", "NETWORK_POLICY": "NetworkPolicy", "BASELINE": "Baseline"}
"""What Kubernetes' tiers are called, by their name in the model."""
ASKED_LAST = "Default deny, asked after all tiers"


def steps(asked: Sequence[AskedTier], ending: Ending, question: Asked) -> list[TierStep]:
    """The tiers up to the one that decided; rules after the deciding one were not asked."""
    found = []
    last = ending.tried is None and ending.tier is not None and ending.tier.asked_last
    for tier in asked:
        if not tier.policies:
            continue
        first = next((t for t in tier.tried if t.match == "yes"), None)
        ended = ending.tier == tier.tier and not last
        outcome = _outcome(tier, first, ended, ending)
        found.append(TierStep(tier_name(tier.tier), _policies(tier, first, question), outcome, ended))
        if ended:
            break
    if last:
        found.append(TierStep(ASKED_LAST, (), f"{_isolated(question, ending)}: the end", True))
    return found


def tier_name(tier: Tier) -> str:
    return TIERS.get(tier.name, tier.name)


def _policies(tier: AskedTier, first: Tried | None, question: Asked) -> tuple[PolicyStep, ...]:
    at = tier.tried.index(first) if first is not None else len(tier.tried)
    levels = tier.tier.by_level and len({tried.level for tried in tier.tried}) > 1
    shown = []
    isolating = {id(policy) for policy, _ in tier.isolating}
    for policy, taken in tier.policies:
        own = [(place, one) for place, one in enumerate(tier.tried) if one.policy is policy]
        rules = [one.step if place <= at else _not_asked(one.step) for place, one in own]
        if not levels:
            rules = [msgspec.structs.replace(rule, level=None) for rule in rules]
        shown.append(
            PolicyStep(
                str(policy),
                id(policy) in isolating,
                tuple(rules),
                str(policy.source),
                taken.why,
                policy.written,
                _order(policy),
                tuple(note for note in policy.notes if note.startswith(question.direction)),
            )
        )
    return tuple(shown)


def _order(policy: Policy) -> str:
    """A policy's place in a tier of Calico's."""
    if not is_calico(policy.tier):
        return ""
    return "no order, so the last" if math.isinf(policy.priority) else f"order {policy.priority:g}"


def is_calico(tier: Tier) -> bool:
    """Whether it is none of Kubernetes' and Cilium's, whose names have capitals: Calico's cannot."""
    return tier.name == tier.name.lower()


def _not_asked(step: RuleStep) -> RuleStep:
    return RuleStep(step.rule, step.action, "not_asked", source=step.source, level=step.level)


def _outcome(tier: AskedTier, first: Tried | None, ended: bool, ending: Ending) -> str:
    """What came of one tier, in a sentence."""
    if first is not None:
        name = f"{first.policy}[{first.rule.label}]"
        if first.rule.action is Action.PASS:
            return f"{name} passes it on to the next tier"
        return f"{'allowed' if first.rule.action is Action.ALLOW else 'denied'} by {name}: the end"
    if ended and ending.verdict is Verdict.UNKNOWN:
        return "no rule matches; isolated, but what that means without ports is open"
    if ended:
        return "no rule matches, and what no rule allows is denied: the end"
    sure = "surely " if any(t.match == "maybe" for t in tier.tried) else ""
    return f"no rule {sure}matches, so on to the next tier"


def why(question: Asked, ending: Ending, asked: Sequence[AskedTier]) -> str:
    """The side's answer in one sentence."""
    direction, who = question.direction, question.subject_word
    if ending.tried is not None:
        if ending.tier == PEER_AUTHENTICATION:
            policy = ending.tried.policy
            return f"plaintext, where {policy} ({policy.source}) asks for mutual TLS"
        verb = "allowed" if ending.verdict is Verdict.ALLOW else "denied"
        place = f" ({ending.tried.rule.source})" if str(ending.tried.rule.source) else ""
        return f"{verb} by {ending.decided_by}{place}"
    if ending.isolating:
        return f"no rule allows it, and {_isolated(question, ending)}"
    if question.way is not None:
        return "no policy of the mesh decides it, so it is let in"
    if any(tier.policies and is_calico(tier.tier) for tier in asked):
        return f"no tier decides it, so the profile of {who}'s namespace does, which allows everything"
    if any(tier.policies for tier in asked):
        return f"no rule matches and no policy isolates {who} for {direction}, so it is allowed"
    return f"no policy selects {who} for {direction}, so everything is allowed"


def _isolated(question: Asked, ending: Ending) -> str:
    if question.way is not None:
        verb = "lets in" if len(ending.names) == 1 else "let in"
        return f"{listed(ending.names)} {verb} only what a rule allows: default deny"
    verb = "isolates" if len(ending.names) == 1 else "isolate"
    return f"{listed(ending.names)} {verb} {question.subject_word} for {question.direction}: default deny"
