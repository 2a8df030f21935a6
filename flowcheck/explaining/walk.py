"""One side of a flow walked over the model's policies, tier by tier, rule by rule, keeping every why (not).

The order is the one ``model/policy.py`` states. Verdicts are found here only to be held against the compiled
program's: a difference is a bug in one of the two, and ends the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from flowcheck.counted import listed
from flowcheck.explaining import checks
from flowcheck.explaining.doubt import doubt
from flowcheck.explaining.question import Asked
from flowcheck.explaining.records import PolicyStep, RuleStep, SideAnswer, TierStep
from flowcheck.explaining.tries import Hanging, Tried, hold
from flowcheck.explaining.words import protocol_name
from flowcheck.model.policy import MOST_WAYS, Action, PodQuery, Policy, Tier
from flowcheck.model.protocols import WITH_PORTS
from flowcheck.model.tiers import tiers_of
from flowcheck.model.verdict import Reason, Verdict

TIERS = {Tier.ADMIN: "Admin", Tier.NETWORK_POLICY: "NetworkPolicy", Tier.BASELINE: "Baseline"}
"""What tiers are called where that is not their name."""


class InconsistentError(Exception):
    """The walk and the compiled program disagree: a bug in flowcheck, never the user's fault."""


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
        return "default-deny by " + ", ".join(sorted(map(str, self.isolating))) if self.isolating else ""


@dataclass(frozen=True, slots=True)
class Walked:
    """A side's answer, and where the walk ended, for who wants to change that; ``hanging`` are the rules of
    which it is open whether they match."""

    answer: SideAnswer
    ending: Ending
    hanging: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """One tier: its policies that select the subject, or may (each with why that is in doubt), and speak of
    the direction, and their rules."""

    tier: Tier
    policies: tuple[tuple[Policy, str], ...]
    tried: tuple[Tried, ...]
    isolating: tuple[Policy, ...]


def exempt(question: Asked, verdict: Verdict, why: str, *, reason: str = "", settle: str = "") -> Walked:
    """A side no policy is asked for."""
    answer = SideAnswer(
        direction=str(question.direction),
        subject=question.subject.name,
        peer=question.peer.name,
        verdict=str(verdict),
        reason=reason,
        decided_by="",
        why=why,
        settle=settle,
    )
    return Walked(answer, Ending(verdict))


def walk(question: Asked, policies: Sequence[Policy]) -> Walked:
    """Walk one side. ``policies`` are in the order they are asked; the subject is a pod."""
    asked = [_ask(tier, question, [p for p in policies if p.tier == tier]) for tier in tiers_of(policies)]
    endings = list(islice(_endings(asked, question), MOST_WAYS + 1))
    ending = endings[0]
    other = next((one for one in endings if one.verdict is not ending.verdict), None)
    reason, settle = Reason.NONE, ""
    verdict, decided_by = ending.verdict, ending.decided_by
    why = _why(question, ending, asked)
    if other is not None or len(endings) > MOST_WAYS:
        verdict, decided_by = Verdict.UNKNOWN, ""
        open_rule = next(t for tier in asked for t in tier.tried if t.match == "maybe")
        reason = Reason(open_rule.hangs_on[0][0])
        why, settle = doubt(open_rule, question, ending.verdict, other.verdict if other else None)
    elif verdict is Verdict.UNKNOWN:
        reason, decided_by = Reason.NO_PORT, ""
        why = (
            f"no rule admits {protocol_name(question.protocol)}, and what an isolating NetworkPolicy means "
            "for a protocol without ports is open"
        )
        settle = "--icmp policy decides it as Calico does: what no rule admits is denied"
    answer = SideAnswer(
        direction=str(question.direction),
        subject=question.subject.name,
        peer=question.peer.name,
        verdict=str(verdict),
        reason=str(reason),
        decided_by=decided_by,
        why=why,
        settle=settle,
        tiers=tuple(_steps(asked, ending, question)),
    )
    hanging = tuple(tried for tier in asked for tried in tier.tried if tried.match == "maybe")
    return Walked(answer, ending, hanging)


def _ask(tier: Tier, question: Asked, policies: Sequence[Policy]) -> _Asked:
    """Hold every rule of a tier against the flow, of the policies that select the subject, or may."""
    direction = question.direction
    speaking: list[tuple[Policy, str]] = []
    tried: list[Tried] = []
    for policy in policies:
        taken = checks.check_subject(policy, question)
        if taken.match != "no" and (policy.rules(direction) or direction in policy.isolates):
            spaces = policy.subject.namespaces if isinstance(policy.subject, PodQuery) else None
            asked_for = str(policy) if policy.unread else spaces
            hanging = (taken.reason, "subject", asked_for)
            speaking.append((policy, taken.why))
            subject_if = hanging if taken.match == "maybe" else None
            tried += [hold(policy, rule, question, subject_if) for rule in policy.rules(direction)]
    isolating = tuple(policy for policy, _ in speaking if direction in policy.isolates)
    return _Asked(tier, tuple(speaking), tuple(tried), isolating)


def _endings(asked: Sequence[_Asked], question: Asked) -> Iterator[Ending]:
    """Where the walk ends for each way to answer what it hangs on; the one with noes only comes first."""
    left: list[dict[Hanging, bool]] = [{}]
    while left:
        answers = left.pop()
        ending = _conclude(asked, question, answers)
        if isinstance(ending, Ending):
            yield ending
        else:
            left += [{**answers, ending: True}, {**answers, ending: False}]


def _conclude(asked: Sequence[_Asked], question: Asked, answers: Mapping[Hanging, bool]) -> Ending | Hanging:
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
        if first is None and tier.isolating and tier.tier.denies:
            portless = question.protocol not in WITH_PORTS and question.options.icmp == "unknown"
            verdict = Verdict.UNKNOWN if portless and tier.tier.icmp_open else Verdict.DENY
            return Ending(verdict, tier.tier, None, tier.isolating)
    return Ending(Verdict.ALLOW)


def _steps(asked: Sequence[_Asked], ending: Ending, question: Asked) -> list[TierStep]:
    """The tiers up to the one that decided; rules after the deciding one were not asked."""
    steps = []
    for tier in asked:
        if not tier.policies:
            continue
        first = next((t for t in tier.tried if t.match == "yes"), None)
        at = tier.tried.index(first) if first is not None else len(tier.tried)
        shown = {
            id(t.rule): t.step if place <= at else _not_asked(t.step) for place, t in enumerate(tier.tried)
        }
        policies = tuple(
            PolicyStep(
                str(policy),
                question.direction in policy.isolates,
                tuple(shown[id(rule)] for rule in policy.rules(question.direction)),
                str(policy.source),
                why,
            )
            for policy, why in tier.policies
        )
        ended = ending.tier == tier.tier
        steps.append(
            TierStep(
                TIERS.get(tier.tier, tier.tier.name), policies, _outcome(tier, first, ended, ending), ended
            )
        )
        if ended:
            break
    return steps


def _not_asked(step: RuleStep) -> RuleStep:
    return RuleStep(step.rule, step.action, "not_asked", source=step.source)


def _outcome(tier: _Asked, first: Tried | None, ended: bool, ending: Ending) -> str:
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


def _why(question: Asked, ending: Ending, asked: Sequence[_Asked]) -> str:
    """The side's answer in one sentence."""
    direction, who = question.direction, question.subject_word
    if ending.tried is not None:
        verb = "allowed" if ending.verdict is Verdict.ALLOW else "denied"
        place = f" ({ending.tried.rule.source})" if str(ending.tried.rule.source) else ""
        return f"{verb} by {ending.decided_by}{place}"
    if ending.isolating:
        names = sorted(map(str, ending.isolating))
        one = len(names) == 1
        verb = "isolates" if one else "isolate"
        return f"no rule allows it, and {listed(names)} {verb} {who} for {direction}: default deny"
    if any(tier.policies for tier in asked):
        return f"no rule matches and no policy isolates {who} for {direction}, so it is allowed"
    return f"no policy selects {who} for {direction}, so everything is allowed"


def checked(walked: Walked, verdict: Verdict, reason: Reason, decided_by: str) -> Walked:
    """The walk, held against the compiled program.

    Raises: InconsistentError where they differ.
    """
    answer = walked.answer
    found = (answer.verdict, answer.reason, answer.decided_by)
    compiled = (str(verdict), str(reason), decided_by)
    if found != compiled:
        raise InconsistentError(f"{answer.direction}: the walk says {found}, the program {compiled}")
    return walked
