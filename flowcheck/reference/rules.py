"""What a set of policies says of one side of a flow: the order of decision, as model/policy.py states it.

What is not known (the port, what an ipBlock means, which addresses a domain name has) is tried in every way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from flowcheck.model.options import IpBlockMatchesPods, Options
from flowcheck.model.policy import (
    Action,
    AddressBlock,
    Anyone,
    Direction,
    DomainNames,
    NamedPort,
    NodeQuery,
    Peer,
    PodQuery,
    Policy,
    PortRange,
    Ports,
    Rule,
    Tier,
)
from flowcheck.model.verdict import Reason, Verdict
from flowcheck.reference.ends import End, inside
from flowcheck.reference.flow import ALLOWED, WITH_PORTS, Side, unknown

LAST_PORT = 65535


@dataclass(frozen=True)
class Question:
    """One side of a flow: may this subject talk with this peer? Every field but the first five is a choice
    that was open and is settled before the rules are asked.
    """

    direction: Direction
    subject: End
    peer: End
    protocol: int
    port: int | None
    policies: tuple[Policy, ...] = ()
    blocks_match_pods: bool = True
    domains_match: bool = False

    @property
    def destination(self) -> End:
        return self.subject if self.direction is Direction.INGRESS else self.peer


# -- open choices: each asks the next with the choice settled, and compares ----------------------------


def any_port(question: Question, options: Options) -> Side:
    """Where the port was not recorded there is a verdict only if every port has the same one."""
    if question.protocol not in WITH_PORTS or question.port is not None:
        return address_blocks(question, options)
    sides = {address_blocks(replace(question, port=port), options) for port in telling_ports(question)}
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


def address_blocks(question: Question, options: Options) -> Side:
    """What an ipBlock means for pods is the option's; ``unknown`` where that would change the verdict."""
    choice: IpBlockMatchesPods = options.ipblock_matches_pods
    with_pods = domain_names(replace(question, blocks_match_pods=True), options)
    without_pods = domain_names(replace(question, blocks_match_pods=False), options)
    if choice == "unknown" and with_pods.verdict is not without_pods.verdict:
        return unknown(Reason.UNSUPPORTED_FIELD)
    return with_pods if choice == "yes" else without_pods


def domain_names(question: Question, options: Options) -> Side:
    """A name may stand for any external destination: unknown where that would change the verdict."""
    without = tiers(replace(question, domains_match=False), options)
    with_names = tiers(replace(question, domains_match=True), options)
    return without if without.verdict is with_names.verdict else unknown(Reason.NEEDS_DNS)


# -- the order of decision, as model/policy.py states it -----------------------------------------------


def tiers(question: Question, options: Options) -> Side:
    """Ask the tiers in their order; the first that decides does; nobody deciding is allow."""
    for tier in Tier:
        side = ask_tier(tier, question, options)
        if side is not None:
            return side
    return ALLOWED


def ask_tier(tier: Tier, question: Question, options: Options) -> Side | None:
    """The first matching rule decides; without one, isolation does; None: go on to the next tier."""
    policies = [p for p in question.policies if p.tier is tier and in_query(p.subject, question.subject)]
    for policy in policies:
        for rule in policy.rules(question.direction):
            if rule_matches(rule, question):
                if rule.action is Action.PASS:
                    return None
                verdict = Verdict.ALLOW if rule.action is Action.ALLOW else Verdict.DENY
                return Side(verdict, Reason.NONE, f"{policy}[{rule.label}]")
    return isolation(tier, [p for p in policies if question.direction in p.isolates], question, options)


def isolation(tier: Tier, isolating: list[Policy], question: Question, options: Options) -> Side | None:
    """Isolated and admitted by no rule is deny; the API leaves it open for protocols without ports."""
    if not isolating:
        return None
    portless = question.protocol not in WITH_PORTS
    if portless and tier is Tier.NETWORK_POLICY and options.icmp == "unknown":
        return unknown(Reason.NO_PORT)
    names = ", ".join(sorted(str(policy) for policy in isolating))
    return Side(Verdict.DENY, Reason.NONE, f"default-deny by {names}")


def rule_matches(rule: Rule, question: Question) -> bool:
    """Absent peers are everybody, absent ports everything; empty ones are nobody and nothing."""
    peer = rule.peers is None or any(peer_matches(peer, question) for peer in rule.peers)
    return peer and (rule.ports is None or any(ports_match(ports, question) for ports in rule.ports))


def peer_matches(peer: Peer, question: Question) -> bool:
    end = question.peer
    external = end.pod is None and end.node is None
    match peer:
        case PodQuery():
            return in_query(peer, end)
        case AddressBlock():
            pods_too = question.blocks_match_pods if peer.may_match_pods is None else peer.may_match_pods
            return (end.pod is None or pods_too) and in_block(peer, end.address)
        case NodeQuery():
            return end.node_labels is not None and peer.nodes.matches(end.node_labels)
        case DomainNames():
            return external and question.direction is Direction.EGRESS and question.domains_match
        case Anyone():
            return True


def in_query(query: PodQuery, end: End) -> bool:
    """Whether the end is a pod with the labels, in the namespace or a namespace with the labels."""
    pod = end.pod
    if pod is None or not query.pods.matches(pod.labels):
        return False
    if query.namespace is not None:
        return query.namespace == pod.namespace
    labels = pod.namespace_labels or {}
    return query.namespaces is not None and query.namespaces.matches(labels)


def ports_match(ports: Ports, question: Question) -> bool:
    """Whether the flow's port is one of these; a name is looked up on the destination pod, all numbers."""
    if question.protocol not in WITH_PORTS or question.port is None:
        return False
    match ports:
        case PortRange():
            return ports.protocol == question.protocol and ports.first <= question.port <= ports.last
        case NamedPort():
            declared = question.destination.pod.ports if question.destination.pod is not None else ()
            return ports.protocol in (None, question.protocol) and any(
                (port.name, port.number, port.protocol) == (ports.name, question.port, question.protocol)
                for port in declared
            )


def in_block(block: AddressBlock, address: str | None) -> bool:
    return (
        address is not None
        and inside(address, block.cidr)
        and not any(inside(address, gap) for gap in block.excepts)
    )
