"""Calico's host endpoints: nodes that policies select by the labels of a HostEndpoint.

    failsafe ports          let in and out, whatever policies say
    doNotTrack, preDNAT     asked next, in this order, each by tiers; these have no default then
    GlobalNetworkPolicy     as of pods
    profiles                at the end: projectcalico-default-allow allows, none denies, others are not read

A node is judged as its host endpoint, as that was last, where it is of all interfaces, or expects all
addresses that are known of the node; a node of which other host endpoints tell is open, and one of which none
tells has no policies.

Source: Calico v3.32, felix/config (FailsafeInboundHostPorts, FailsafeOutboundHostPorts), felix/rules
endpoints.go, felix/calc/active_rules_calculator.go.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Cluster, Node
from flowcheck.model.labels import Operator, Requirement
from flowcheck.model.peers import (
    AllOf,
    AnyOf,
    Called,
    Expression,
    IsA,
    Kind,
    Labelled,
    Not,
    Of,
    Subject,
    Where,
)
from flowcheck.model.policy import Action, Direction, Policy, PortRange, Rule, Tier
from flowcheck.model.protocols import TCP, UDP
from flowcheck.model.ranges import AddressSet

_DEFAULT_ALLOW = "projectcalico-default-allow"
_SERVED = (179, 2379, 2380, 5473, 6443, 6666, 6667)
_FAILSAFE = {
    Direction.INGRESS: ((TCP, (22, *_SERVED)), (UDP, (68,))),
    Direction.EGRESS: ((TCP, _SERVED), (UDP, (53, 67))),
}
_FIRST = Tier("failsafe", -math.inf)
_EARLY = ("untracked", "preDNAT")
_OPEN = Tier("host", -math.inf, denies=True)
_LAST = Tier("~profiles", math.inf, denies=True)
"""No tier of a cluster has such a name: it comes after all others."""


def host_endpoints(cluster: Cluster) -> tuple[AddressSet, ...]:
    return tuple(one for one in cluster.sets if one.kind == "HostEndpoint" and one.node)


def with_hosts(cluster: Cluster) -> Cluster:
    """The cluster with nodes as subjects of its policies, as their host endpoints are."""
    hosts = host_endpoints(cluster)
    if not hosts:
        return cluster
    nodes = tuple(_nodes(cluster, hosts))
    known = {name: [one for one in nodes if one.name == name] for name in {one.node for one in hosts}}
    places = sorted({policy.tier.place for policy in cluster.policies if policy.hosts})
    whole, open_nodes = [], []
    for name, versions in sorted(known.items()):
        mine = list({one.name: one for one in hosts if one.node == name}.values())
        if len(mine) == 1 and _is_whole(mine[0], versions):
            whole.append(mine[0])
        else:
            open_nodes.append(name)
    policies = [_selecting(policy, whole, places) for policy in cluster.policies]
    policies += [one for host in whole for one in _ends(host)]
    policies += [_open(name) for name in open_nodes]
    return replace(cluster, nodes=nodes, policies=tuple(policies))


def _nodes(cluster: Cluster, hosts: Sequence[AddressSet]) -> Iterator[Node]:
    """The nodes, with the addresses that their host endpoints expect."""
    expected: dict[str, list[str]] = {}
    for host in hosts:
        expected.setdefault(host.node, []).extend(cidr.partition("/")[0] for cidr in host.cidrs)
    for node in cluster.nodes:
        found = {*node.device_addresses, *node.likely_addresses}
        more = [one for one in expected.get(node.name, ()) if one not in found]
        yield replace(node, addresses=tuple(dict.fromkeys((*node.addresses, *more))))
    for name in sorted(expected.keys() - {node.name for node in cluster.nodes}):
        yield Node(name, addresses=tuple(dict.fromkeys(expected[name])), described=False)


def _is_whole(host: AddressSet, nodes: Sequence[Node]) -> bool:
    expected = {cidr.partition("/")[0] for cidr in host.cidrs}
    return host.interface == "*" or all(expected >= set(node.addresses) for node in nodes)


def _node(name: str) -> Expression:
    return AllOf((IsA(Kind.NODE), Called(name)))


def _selecting(policy: Policy, hosts: Sequence[AddressSet], places: Sequence[tuple[float, str]]) -> Policy:
    """The policy, also for the nodes whose host endpoints it selects. ``places``: of tiers, in order."""
    asked = policy.hosts
    chosen = [_node(host.node) for host in hosts if asked is not None and _holds(asked.what, host)]
    if asked is None or not chosen:
        return policy
    if asked.early:
        number, place = _EARLY.index(asked.early), places.index(policy.tier.place)
        tier = Tier(f"host {number} {place:05}", -math.inf)
        return replace(policy, tier=tier, subject=Where(AnyOf(tuple(chosen))), isolates=frozenset())
    return replace(policy, subject=Where(AnyOf((_of_pods(policy.subject), *chosen))))


def _of_pods(subject: Subject) -> Expression:
    """A subject as an expression about pods."""
    if isinstance(subject, Where):
        return subject.what
    clauses = () if subject.namespaces is None else subject.namespaces.requirements
    if subject.namespace is not None:
        named = frozenset((subject.namespace,))
        clauses = (Requirement(NAMESPACE_NAME_LABEL, Operator.IN, named),)
    parts = [Labelled(Of.NAMESPACE, clause) for clause in clauses]
    return AllOf((IsA(Kind.POD), *parts, *(Labelled(Of.OWN, clause) for clause in subject.pods.requirements)))


def _holds(what: Expression, host: AddressSet) -> bool:
    """Whether it holds of a host endpoint, which has no namespace and no account."""
    match what:
        case AllOf(parts):
            return all(_holds(part, host) for part in parts)
        case AnyOf(parts):
            return any(_holds(part, host) for part in parts)
        case Not(part):
            return not _holds(part, host)
        case Labelled(of, clause):
            return clause.matches(host.labels if of is Of.OWN else {})
        case _:
            return False


def _ends(host: AddressSet) -> Iterator[Policy]:
    """What holds of it before and after all policies."""
    subject = Where(_node(host.node))
    first = Policy("HostEndpoint", "", host.name, _FIRST, subject, tie="failsafe", source=host.source)
    rules = {way: Rule("failsafe", Action.ALLOW, None, _ports(way), host.source) for way in Direction}
    yield replace(first, ingress=(rules[Direction.INGRESS],), egress=(rules[Direction.EGRESS],))
    allow = Rule("profiles", Action.ALLOW, source=host.source, unread=host.profiles[:1] != (_DEFAULT_ALLOW,))
    given = (allow,) if host.profiles else ()
    last = replace(first, tier=_LAST, tie="profiles", isolates=frozenset(Direction))
    yield replace(last, ingress=given, egress=given)


def _ports(way: Direction) -> tuple[PortRange, ...]:
    return tuple(PortRange(protocol, one, one) for protocol, ones in _FAILSAFE[way] for one in ones)


def _open(name: str) -> Policy:
    """Of a node that is judged as no host endpoint of its own."""
    subject = Where(_node(name))
    return Policy(
        "HostEndpoint", "", f"of node {name}", _OPEN, subject, isolates=frozenset(Direction), unread=True
    )
