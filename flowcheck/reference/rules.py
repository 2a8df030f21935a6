"""What a set of policies says of one side of a flow: the order of decision, as model/policy.py states it.

What is not known (the port, what an ipBlock means, which addresses a domain name has, the labels of what no
input describes, whatever of a policy cannot be read) is tried in every way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from flowcheck.model.policy import MOST_WAYS, Action, Policy, Rule
from flowcheck.model.ports import LAST_NUMBER
from flowcheck.model.tiers import Tier, tiers_of
from flowcheck.model.verdict import Reason, Verdict
from flowcheck.reference.answers import Answer, Open, UnsettledError
from flowcheck.reference.flow import ALLOWED, Side, unknown
from flowcheck.reference.matching import Question, about_peer, for_subject, isolates
from flowcheck.reference.ports import NUMBERED, edges

IN_LEVEL = (Action.DENY, Action.ALLOW, Action.PASS)
"""What is asked first within a level."""


def any_port(question: Question) -> Side:
    """Where a port, or the ICMP type, was not recorded there is a verdict only if all have the same one."""
    numbers: list[int | None] = [question.number]
    past: Collection[int | None] = ()
    if question.protocol in NUMBERED and question.number is None:
        numbers, past = [*telling_numbers(question)], question.told.past
    sources: list[int | None] = [question.source]
    if question.has_ports and question.source is None:
        sources = [*telling_sources(question)]
    sides = {
        ALLOWED if number in past else every_way(replace(question, number=number, source=source))
        for number in numbers
        for source in sources
    }
    if len(sides) == 1:
        return sides.pop()
    verdicts = {(side.verdict, side.reason) for side in sides}
    return Side(*verdicts.pop(), "") if len(verdicts) == 1 else unknown(Reason.NO_PORT)


def telling_numbers(question: Question) -> list[int]:
    """One number of every stretch that no rule or container port divides."""
    starts = {0, *question.told.past, *(number + 1 for number in question.told.past)}
    for policy in question.policies:
        for rule in policy.rules(question.direction):
            for ports in rule.ports or ():
                starts |= set(edges(ports, question.destination, question.around))
    return sorted(number for number in starts if 0 <= number <= LAST_NUMBER)


def telling_sources(question: Question) -> list[int]:
    """One port of every stretch that no rule divides, at the source."""
    starts = {0}
    for policy in question.policies:
        for rule in policy.rules(question.direction):
            for ports in rule.source_ports or ():
                starts |= {ports.first, ports.last + 1}
    return sorted(number for number in starts if number <= LAST_NUMBER)


def every_way(question: Question) -> Side:
    """Whatever is open is answered in every way: unknown where that changes the verdict, or where there are
    too many."""
    sides = list(islice(settled_sides(question), MOST_WAYS + 1))
    same = len({side.verdict for side in sides}) == 1 and len(sides) <= MOST_WAYS
    return sides[0] if same else unknown(next(open_in(question)).reason)


def settled_sides(question: Question) -> Iterator[Side]:
    """What comes out for each way to answer what is asked; that with every answer a no comes first."""
    left: list[dict[Open, bool]] = [{}]
    while left:
        settled = left.pop()
        try:
            yield tiers(replace(question, settled=settled))
        except UnsettledError as met:
            left += [{**settled, met.asked: True}, {**settled, met.asked: False}]


def open_in(question: Question) -> Iterator[Open]:
    """What rules hang on that may be for this subject, peer and port, in the order they are asked; and what
    isolation does, which is asked after a tier's rules."""
    answers: list[Answer] = []
    in_order = tiers_of(question.policies)
    for tier in in_order:
        for policy, rule in asked_in(tier, question):
            subject, peers = for_subject(policy, rule, question), list(about_peer(policy, rule, question))
            if subject is not False and peers:
                answers += (subject, *peers)
        if not tier.asked_last:
            answers += (answer for _, answer in isolating(tier, question))
    for tier in in_order:
        if tier.asked_last:
            answers += (answer for _, answer in isolating(tier, question))
    return (answer for answer in answers if isinstance(answer, Open))


def asked_in(tier: Tier, question: Question) -> list[tuple[Policy, Rule]]:
    """The rules of a tier in the order they are asked."""
    own = [policy for policy in question.policies if policy.tier == tier]
    rules = [(policy, rule) for policy in own for rule in policy.rules(question.direction)]
    if tier.by_level:
        rules.sort(key=lambda one: (level_of(*one), IN_LEVEL.index(one[1].action)))
    return rules


def level_of(policy: Policy, rule: Rule) -> float:
    return policy.priority if rule.level is None else rule.level


def isolating(tier: Tier, question: Question) -> Iterator[tuple[Policy, Answer]]:
    """Whom the tier's default may be for, by each of its policies, if it has one."""
    for policy in (one for one in question.policies if one.tier == tier and tier.denies):
        for whom in policy.isolates_whom(question.direction):
            yield policy, isolates(policy, whom, question)


def tiers(question: Question) -> Side:
    """Ask the tiers in their order; the first that decides does. Then the defaults that are asked last;
    nobody deciding is allow."""
    in_order = tiers_of(question.policies)
    for tier in in_order:
        side = ask_tier(tier, question)
        if side is not None:
            return side
    return isolation([tier for tier in in_order if tier.asked_last], question) or ALLOWED


def ask_tier(tier: Tier, question: Question) -> Side | None:
    """The first matching rule decides; without one, isolation does; None: go on to the next tier."""
    for policy, rule in asked_in(tier, question):
        if not question.holds(for_subject(policy, rule, question)):
            continue
        if any(map(question.holds, about_peer(policy, rule, question))):
            if rule.action is Action.PASS:
                return None
            verdict = Verdict.ALLOW if rule.action is Action.ALLOW else Verdict.DENY
            return Side(verdict, Reason.NONE, f"{policy}[{rule.label}]")
    return None if tier.asked_last else isolation([tier], question)


def isolation(asked: Sequence[Tier], question: Question) -> Side | None:
    """Isolated and admitted by no rule is deny; a tier may leave it open for protocols without ports."""
    by = [policy for tier in asked for policy, one in isolating(tier, question) if question.holds(one)]
    if not by:
        return None
    if (
        not question.has_ports
        and question.options.icmp == "unknown"
        and all(one.tier.icmp_open for one in by)
    ):
        return unknown(Reason.NO_PORT)
    names = ", ".join(sorted({str(policy) for policy in by}))
    return Side(Verdict.DENY, Reason.NONE, f"default-deny by {names}")
