"""Whether a policy is for the subject of a question, and a rule about its peer and port.

What no input tells is not decided here: the answer is then what it hangs on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from flowcheck.model.labels import Selector
from flowcheck.model.options import Options
from flowcheck.model.policy import (
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
)
from flowcheck.model.protocols import WITH_PORTS
from flowcheck.model.verdict import Reason
from flowcheck.reference.ends import End, inside


@dataclass(frozen=True)
class Open:
    """What no input tells, with the reason of a verdict that hangs on it. A selector that asks for labels
    nobody knows is one question for the subject and one for the peer, wherever it stands; a policy or rule
    that cannot be read is one by its name."""

    reason: Reason
    of: Literal["subject", "peer"] = "peer"
    asked: Selector | str | None = None


Answer = bool | Open


class UnsettledError(Exception):
    """Something open was asked that is not settled yet."""

    def __init__(self, asked: Open) -> None:
        self.asked = asked


@dataclass(frozen=True)
class Question:
    """One side of a flow: may this subject talk with this peer? ``settled`` answers what is open."""

    direction: Direction
    subject: End
    peer: End
    protocol: int
    port: int | None
    options: Options
    policies: tuple[Policy, ...] = ()
    settled: Mapping[Open, bool] = field(default_factory=dict)

    def holds(self, answer: Answer) -> bool:
        if isinstance(answer, bool):
            return answer
        if answer not in self.settled:
            raise UnsettledError(answer)
        return self.settled[answer]

    @property
    def destination(self) -> End:
        return self.subject if self.direction is Direction.INGRESS else self.peer


def selects(policy: Policy, question: Question) -> Answer:
    """Whether a policy is for the subject; only perhaps, where its selector cannot be read."""
    answer = in_query(policy.subject, question.subject, "subject")
    return answer and Open(Reason.UNSUPPORTED_FIELD, "subject", str(policy)) if policy.unread else answer


def ports_admit(rule: Rule, question: Question) -> bool:
    """Absent ports are everything, empty ones nothing."""
    return rule.ports is None or any(ports_match(ports, question) for ports in rule.ports)


def peer_answers(policy: Policy, rule: Rule, question: Question) -> list[Answer]:
    """By which peers the rule is about this one: just yes if by any surely, else all that it hangs on.

    Absent peers are everybody, empty ones are nobody. A rule that cannot be read hangs on that alone.
    """
    peers = [True] if rule.peers is None else [peer_answer(peer, question) for peer in rule.peers]
    answers: list[Answer] = [answer for answer in peers if answer is not False]
    if answers and rule.unread:
        return [Open(Reason.UNSUPPORTED_FIELD, "peer", f"{policy}[{rule.label}]")]
    return [True] if True in answers else answers


def peer_answer(peer: Peer, question: Question) -> Answer:
    end = question.peer
    match peer:
        case PodQuery():
            return in_query(peer, end, "peer")
        case AddressBlock():
            return in_block(peer, end.address) and (end.pod is None or pods_in_blocks(peer, question.options))
        case NodeQuery():
            return in_nodes(peer, end)
        case DomainNames():
            egress = question.direction is Direction.EGRESS
            return egress and end.pod is None and end.node is None and Open(Reason.NEEDS_DNS)
        case Anyone():
            return True


def pods_in_blocks(block: AddressBlock, options: Options) -> Answer:
    """Whether a block takes pods by their address: as the language says, else as the option does."""
    if block.may_match_pods is not None:
        return block.may_match_pods
    choice = options.ipblock_matches_pods
    return Open(Reason.UNSUPPORTED_FIELD) if choice == "unknown" else choice == "yes"


def in_nodes(query: NodeQuery, end: End) -> Answer:
    """Whether the end is a node with the labels. Any address outside may be one of nodes nobody described."""
    if end.node_labels is not None:
        return query.nodes.matches(end.node_labels)
    if end.node is not None and query.nodes.must_match({}):
        return True
    return (end.node is not None or end.may_be_node) and Open(Reason.NO_NODE, "peer", query.nodes)


def in_query(query: PodQuery, end: End, of: Literal["subject", "peer"]) -> Answer:
    """Whether the end is a pod with the labels, in the namespace or a namespace with the labels."""
    pod = end.pod
    if pod is None or not query.pods.matches(pod.labels):
        return False
    if query.namespaces is None:
        return query.namespace == pod.namespace
    labels = pod.namespace_labels or {}
    if end.namespace_described:
        return query.namespaces.matches(labels)
    if query.namespaces.must_match(labels):
        return True
    return query.namespaces.may_match(labels) and Open(Reason.NO_NAMESPACE, of, query.namespaces)


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
