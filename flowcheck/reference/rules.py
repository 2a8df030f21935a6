"""What a set of policies says of one side of a flow: the order of decision, as model/policy.py states it.

What is not known (the port, what an ipBlock means, which addresses a domain name has, the labels of what no
input describes, whatever of a policy cannot be read) is tried in every way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from flowcheck.model.policy import (
    MOST_WAYS,
    Action,
    Policy,
    PortRange,
    Tier,
)
from flowcheck.model.protocols import WITH_PORTS
from flowcheck.model.verdict import Reason, Verdict
from flowcheck.reference.flow import ALLOWED, Side, unknown
from flowcheck.reference.matching import Open, Question, UnsettledError, peer_answers, ports_admit, selects

LAST_PORT = 65535


def any_port(question: Question) -> Side:
    """Where the port was not recorded there is a verdict only if every port has the same one."""
    if question.protocol not in WITH_PORTS or question.port is not None:
        return every_way(question)
    sides = {every_way(replace(question, port=port)) for port in telling_ports(question)}
    if len(sides) == 1:
        return sides.pop()
    verdicts = {(side.verdict, side.reason) for side in sides}
    return Side(*verdicts.pop(), "") if len(verdicts) == 1 else unknown(Reason.NO_PORT)


def telling_ports(question: Question) -> list[int]:
    """One port of every stretch of ports that no rule or container port divides."""
    starts = {0}
    for policy in question.policies:
        for rule in policy.rules(question.direction):
            for ports in rule.ports or ():
                if isinstance(ports, PortRange):
                    starts |= {ports.first, ports.last + 1}
    if question.destination.pod is not None:
        for port in question.destination.pod.ports:
            starts |= {port.number, port.number + 1}
    return sorted(port for port in starts if 0 <= port <= LAST_PORT)


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
    """What rules hang on that may be for this subject, peer and port, in the order they are asked."""
    for tier in Tier:
        for policy in (p for p in question.policies if p.tier is tier):
            subject = selects(policy, question)
            for rule in policy.rules(question.direction):
                peers = peer_answers(policy, rule, question)
                if subject is False or not peers or not ports_admit(rule, question):
                    continue
                yield from (answer for answer in (subject, *peers) if isinstance(answer, Open))


def tiers(question: Question) -> Side:
    """Ask the tiers in their order; the first that decides does; nobody deciding is allow."""
    for tier in Tier:
        side = ask_tier(tier, question)
        if side is not None:
            return side
    return ALLOWED


def ask_tier(tier: Tier, question: Question) -> Side | None:
    """The first matching rule decides; without one, isolation does; None: go on to the next tier."""
    selecting = []
    for policy in (one for one in question.policies if one.tier is tier):
        if not question.holds(selects(policy, question)):
            continue
        selecting.append(policy)
        for rule in policy.rules(question.direction):
            if ports_admit(rule, question) and any(map(question.holds, peer_answers(policy, rule, question))):
                if rule.action is Action.PASS:
                    return None
                verdict = Verdict.ALLOW if rule.action is Action.ALLOW else Verdict.DENY
                return Side(verdict, Reason.NONE, f"{policy}[{rule.label}]")
    return isolation(tier, [p for p in selecting if question.direction in p.isolates], question)


def isolation(tier: Tier, isolating: list[Policy], question: Question) -> Side | None:
    """Isolated and admitted by no rule is deny; the API leaves it open for protocols without ports."""
    if not isolating:
        return None
    portless = question.protocol not in WITH_PORTS
    if portless and tier is Tier.NETWORK_POLICY and question.options.icmp == "unknown":
        return unknown(Reason.NO_PORT)
    names = ", ".join(sorted(str(policy) for policy in isolating))
    return Side(Verdict.DENY, Reason.NONE, f"default-deny by {names}")
