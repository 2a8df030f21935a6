"""The slow witness: what the policies say of one flow, in plain Python over the model.

A :class:`Tuple5` comes in, a :class:`Judgement` goes out. It shares nothing with the compiled path,
so that the two can be compared; nothing here is made fast. Read it from :meth:`Reference.judge` down.
Who is at an address: a pod, else a node, else a Service (unresolved: the backend was not recorded),
else somebody unknown inside a node's pod range (unresolved), else an external address. An end given
by name may stand for several pods or addresses; it has a verdict only where all of them agree.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Literal

from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Cluster, Node, Pod
from flowcheck.model.labels import Labels
from flowcheck.model.options import IpBlockMatchesPods, Options
from flowcheck.model.policy import (
    SCTP,
    TCP,
    UDP,
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

LAST_PORT = 65535
WITH_PORTS = frozenset({TCP, UDP, SCTP})


@dataclass(frozen=True)
class Tuple5:
    """One recorded flow. Ends are addresses, or names without one. ``initiator`` None: no such column."""

    src: str | None
    dst: str | None
    protocol: int
    port: int | None
    src_namespace: str | None = None
    src_pod: str | None = None
    src_workload: str | None = None
    dst_namespace: str | None = None
    dst_pod: str | None = None
    dst_workload: str | None = None
    initiator: int | None = None


@dataclass(frozen=True)
class Side:
    """What one end's policies say. ``decided_by`` is empty where no policy applied or none is known to."""

    verdict: Verdict
    reason: Reason
    decided_by: str


@dataclass(frozen=True)
class Judgement:
    src: str
    dst: str
    egress: Side
    ingress: Side
    verdict: Verdict
    reason: Reason


@dataclass(frozen=True, eq=False)
class End:
    """One thing an end may be: a pod, a node, or (neither set) an external address.

    ``in_particular`` is False where a workload's name stands for any of its pods.
    """

    address: str | None
    pod: Pod | None = None
    node: str | None = None
    in_particular: bool = True

    @property
    def name(self) -> str:
        if self.pod is not None and self.pod.template:
            return str(self.pod.workload)
        if self.pod is not None:
            return f"{self.pod.namespace}/Pod/{self.pod.name}"
        return f"Node/{self.node}" if self.node is not None else self.address or ""


@dataclass(frozen=True)
class Resolved:
    """Everything an end may be, and the name it goes by. ``lost`` says why there is no knowing."""

    name: str
    ends: tuple[End, ...] = ()
    lost: Literal["", "unresolved", "ambiguous"] = ""


@dataclass(frozen=True)
class Question:
    """One side of a flow, every open choice settled: may this subject talk with this peer?"""

    direction: Direction
    subject: End
    peer: End
    protocol: int
    port: int | None
    blocks_match_pods: bool = True
    domains_match: bool = False

    @property
    def destination(self) -> End:
        return self.subject if self.direction is Direction.INGRESS else self.peer


NOT_APPLICABLE = Side(Verdict.NOT_APPLICABLE, Reason.NONE, "")
ALLOWED = Side(Verdict.ALLOW, Reason.NONE, "")


def unknown(reason: Reason) -> Side:
    return Side(Verdict.UNKNOWN, reason, "")


class Reference:
    """Judges flows against one cluster, one at a time."""

    def __init__(self, cluster: Cluster, options: Options = Options()) -> None:  # noqa: B008 (frozen)
        self.cluster = cluster
        self.options = options
        self.pods = tuple(pod for pod in cluster.pods if not pod.finished)
        # Of a host-network pod without node and address nobody can say where it is.
        self.named = [p for p in self.pods if not p.host_network or p.node or p.addresses]
        self.nodes: dict[str, Node] = {node.name: node for node in cluster.nodes}
        self.policies = sorted(cluster.policies, key=lambda policy: policy.order)

    def judge(self, flow: Tuple5) -> Judgement:
        """Resolve both ends, ask both sides' policies, join the answers."""
        src = self._resolve(flow.src, flow.src_namespace, flow.src_pod, flow.src_workload)
        dst = self._resolve(flow.dst, flow.dst_namespace, flow.dst_pod, flow.dst_workload)
        egress, ingress = self._sides(flow, src, dst)
        verdict, reason = join(egress, ingress)
        return Judgement(src.name, dst.name, egress, ingress, verdict, reason)

    def _sides(self, flow: Tuple5, src: Resolved, dst: Resolved) -> tuple[Side, Side]:
        """Both sides; unknown where the initiator or an end is not known, or what an end may be disagrees."""
        if flow.initiator == 0:
            return both(unknown(Reason.UNKNOWN_INITIATOR))
        for lost, which in ((src.lost, "src"), (dst.lost, "dst")):
            if lost:
                return both(unknown(Reason(f"{lost}_{which}")))
        answers = {(s, d): self._pair(flow, s, d) for s, d in product(src.ends, dst.ends)}
        if len(set(answers.values())) == 1:
            return next(iter(answers.values()))
        for d in dst.ends:
            if len({answers[s, d] for s in src.ends}) > 1:
                return both(unknown(Reason.AMBIGUOUS_SRC))
        return both(unknown(Reason.AMBIGUOUS_DST))

    def _pair(self, flow: Tuple5, src: End, dst: End) -> tuple[Side, Side]:
        """Both sides of a flow between two known ends.

        Source: kubernetes.io, Network Policies: a pod cannot block access to itself, and traffic to and
        from the node where a pod is running is always allowed (read as: from that node to the pod).
        """
        in_particular = src.in_particular and dst.in_particular
        if in_particular and src.pod is not None and src.pod is dst.pod:
            return both(ALLOWED)
        egress = Question(Direction.EGRESS, src, dst, flow.protocol, flow.port)
        ingress = Question(Direction.INGRESS, dst, src, flow.protocol, flow.port)
        on_node = dst.pod is not None and bool(dst.pod.node) and src.node == dst.pod.node
        own_node = in_particular and on_node
        return self._any_port(egress), ALLOWED if own_node else self._any_port(ingress)

    # -- open choices: each asks the next with the choice settled, and compares --------------------

    def _any_port(self, question: Question) -> Side:
        """Where the port was not recorded there is a verdict only if every port has the same one."""
        if question.subject.pod is None:
            return NOT_APPLICABLE
        if question.protocol not in WITH_PORTS or question.port is not None:
            return self._address_blocks(question)
        sides = {self._address_blocks(replace(question, port=port)) for port in self._telling_ports(question)}
        if len(sides) == 1:
            return sides.pop()
        verdicts = {(side.verdict, side.reason) for side in sides}
        return Side(*verdicts.pop(), "") if len(verdicts) == 1 else unknown(Reason.NO_PORT)

    def _telling_ports(self, question: Question) -> list[int]:
        """One port of every stretch of ports that no rule or container port divides."""
        starts = {0}
        for policy in self.policies:
            for rule in policy.rules(question.direction):
                for ports in rule.ports or ():
                    if isinstance(ports, PortRange):
                        starts |= {ports.first, ports.last + 1}
        if question.destination.pod is not None:
            for port in question.destination.pod.ports:
                starts |= {port.number, port.number + 1}
        return sorted(port for port in starts if 0 <= port <= LAST_PORT)

    def _address_blocks(self, question: Question) -> Side:
        """What an ipBlock means for pods is the option's; ``unknown`` where that would change the verdict."""
        choice: IpBlockMatchesPods = self.options.ipblock_matches_pods
        with_pods = self._domain_names(replace(question, blocks_match_pods=True))
        without_pods = self._domain_names(replace(question, blocks_match_pods=False))
        if choice == "unknown" and with_pods.verdict is not without_pods.verdict:
            return unknown(Reason.UNSUPPORTED_FIELD)
        return with_pods if choice == "yes" else without_pods

    def _domain_names(self, question: Question) -> Side:
        """A name may stand for any external destination: unknown where that would change the verdict."""
        without = self._tiers(replace(question, domains_match=False))
        with_names = self._tiers(replace(question, domains_match=True))
        return without if without.verdict is with_names.verdict else unknown(Reason.NEEDS_DNS)

    # -- the order of decision, as model/policy.py states it ---------------------------------------

    def _tiers(self, question: Question) -> Side:
        """Ask the tiers in their order; the first that decides does; nobody deciding is allow."""
        for tier in Tier:
            side = self._tier(tier, question)
            if side is not None:
                return side
        return ALLOWED

    def _tier(self, tier: Tier, question: Question) -> Side | None:
        """The first matching rule decides; without one, isolation does; None: go on to the next tier."""
        subject = question.subject
        policies = [p for p in self.policies if p.tier is tier and self._in_query(p.subject, subject)]
        for policy in policies:
            for rule in policy.rules(question.direction):
                if self._rule_matches(rule, question):
                    if rule.action is Action.PASS:
                        return None
                    verdict = Verdict.ALLOW if rule.action is Action.ALLOW else Verdict.DENY
                    return Side(verdict, Reason.NONE, f"{policy}[{rule.label}]")
        return self._isolation(tier, [p for p in policies if question.direction in p.isolates], question)

    def _isolation(self, tier: Tier, isolating: list[Policy], question: Question) -> Side | None:
        """Isolated and admitted by no rule is deny; the API leaves it open for protocols without ports."""
        if not isolating:
            return None
        portless = question.protocol not in WITH_PORTS
        if portless and tier is Tier.NETWORK_POLICY and self.options.icmp == "unknown":
            return unknown(Reason.NO_PORT)
        names = ", ".join(sorted(str(policy) for policy in isolating))
        return Side(Verdict.DENY, Reason.NONE, f"default-deny by {names}")

    def _rule_matches(self, rule: Rule, question: Question) -> bool:
        """Absent peers are everybody, absent ports everything; empty ones are nobody and nothing."""
        peer = rule.peers is None or any(self._peer_matches(peer, question) for peer in rule.peers)
        return peer and (rule.ports is None or any(ports_match(ports, question) for ports in rule.ports))

    def _peer_matches(self, peer: Peer, question: Question) -> bool:
        end = question.peer
        external = end.pod is None and end.node is None
        match peer:
            case PodQuery():
                return self._in_query(peer, end)
            case AddressBlock():
                pods_too = question.blocks_match_pods if peer.may_match_pods is None else peer.may_match_pods
                return (end.pod is None or pods_too) and in_block(peer, end.address)
            case NodeQuery():
                return end.node in self.nodes and peer.nodes.matches(self.nodes[end.node].labels)
            case DomainNames():
                return external and question.direction is Direction.EGRESS and question.domains_match
            case Anyone():
                return True

    def _in_query(self, query: PodQuery, end: End) -> bool:
        """Whether the end is a pod with the labels, in the namespace or a namespace with the labels."""
        if end.pod is None or not query.pods.matches(end.pod.labels):
            return False
        if query.namespace is not None:
            return query.namespace == end.pod.namespace
        labels = self._namespace_labels(end.pod.namespace)
        return query.namespaces is not None and query.namespaces.matches(labels)

    def _namespace_labels(self, name: str) -> Labels:
        namespace = self.cluster.namespaces.get(name)
        return namespace.labels if namespace is not None else {NAMESPACE_NAME_LABEL: name}

    # -- who is at an end --------------------------------------------------------------------------

    def _resolve(
        self, address: str | None, namespace: str | None, pod: str | None, workload: str | None
    ) -> Resolved:
        """An address is looked up as such, whatever names stand beside it; without one the names are."""
        if address:
            return self._resolve_address(canonical(address))
        if namespace and pod:
            found = [p for p in self.named if (p.namespace, p.name) == (namespace, pod)]
            found = [p for p in found if not p.template] or found
            if found:
                return self._resolve_pods(found)
        if namespace and workload:
            wanted = (namespace, workload)
            found = [p for p in self.named if (p.workload.namespace, p.workload.name) == wanted]
            if found:
                return self._resolve_pods(found)
        return Resolved("/".join(filter(None, (namespace, pod or workload))), lost="unresolved")

    def _resolve_address(self, address: str) -> Resolved:
        owners = {end.name: end for end in self._owners(address)}
        if len(owners) > 1:
            return Resolved(address, lost="ambiguous")
        for name, end in owners.items():
            return Resolved(name, (end,))
        for service in self.cluster.services:
            if address in map(canonical, (*service.cluster_ips, *service.external_ips)):
                return Resolved(f"{service.namespace}/Service/{service.name}", lost="unresolved")
        if any(inside(address, cidr) for node in self.cluster.nodes for cidr in node.pod_cidrs):
            return Resolved(address, lost="unresolved")
        return Resolved(address, (End(address),))

    def _owners(self, address: str) -> Iterator[End]:
        """Everybody who has the address; a host-network pod's is its node's, as is a pod's host address."""
        for node in self.cluster.nodes:
            if address in map(canonical, node.addresses):
                yield End(address, node=node.name)
        for pod in self.pods:
            if address in map(canonical, pod.addresses):
                yield self._end_of(pod, address)
            if pod.host_address and pod.node and address == canonical(pod.host_address):
                yield End(address, node=pod.node)

    def _resolve_pods(self, pods: list[Pod]) -> Resolved:
        """Pods found by name, once per address each is seen at.

        Several go by their workload's name, unless they all are one node on whose network they are.
        """
        ends = [self._end_of(pod, address) for pod in pods for address in self._seen_at(pod)]
        if len({(end.node, id(end.pod)) for end in ends}) == 1:
            return Resolved(ends[0].name, tuple(ends))
        several = str(min((pod.workload for pod in pods), key=str))
        return Resolved(several, tuple(replace(end, in_particular=False) for end in ends))

    def _seen_at(self, pod: Pod) -> Iterable[str | None]:
        """The addresses a pod may be seen at; a host-network pod without any has its node's."""
        addresses = pod.addresses
        if not addresses and pod.host_network:
            listed = self.nodes[pod.node].addresses if pod.node in self.nodes else ()
            told = (p.host_address for p in self.pods if p.node == pod.node and p.host_address)
            shared = (a for p in self.pods if p.node == pod.node and p.host_network for a in p.addresses)
            addresses = (*listed, *told, *shared)
        return [canonical(address) for address in addresses] or [None]

    def _end_of(self, pod: Pod, address: str | None) -> End:
        """A pod as an end. A host-network pod is its node: the one it names, else the one at its address."""
        if not pod.host_network:
            return End(address, pod=pod)
        there = (n.name for n in self.cluster.nodes if address and address in map(canonical, n.addresses))
        return End(address, node=pod.node or next(there, address or ""))


def join(egress: Side, ingress: Side) -> tuple[Verdict, Reason]:
    """A connection needs both sides: deny beats unknown, which beats allow."""
    verdicts = (egress.verdict, ingress.verdict)
    for verdict in (Verdict.DENY, Verdict.UNKNOWN, Verdict.ALLOW):
        if verdict in verdicts:
            first = egress if egress.verdict is verdict else ingress
            return verdict, first.reason
    return Verdict.NOT_APPLICABLE, Reason.NONE


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


def both(side: Side) -> tuple[Side, Side]:
    return side, side


@cache
def canonical(text: str) -> str:
    """The one way to write an address; an IPv4-mapped IPv6 address is the IPv4 address."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


@cache
def inside(address: str, cidr: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(cidr, strict=False)
