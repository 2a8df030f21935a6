"""Sentences about policies of Cilium and Calico that name what no input has: selectors that take nobody,
names of ports that no pod has, Services, sets of addresses and tiers without an object.

Such a rule does nothing, or, where it should deny, lets through. None of this changes a verdict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property

from flowcheck.advice.existing import Thing, Things, nodes_of, pods_of, sets_of
from flowcheck.counted import counted
from flowcheck.engines.switches.own import OWN_KINDS
from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Cluster
from flowcheck.model.engines import CALICO_TIERS
from flowcheck.model.labels import Operator, Requirement
from flowcheck.model.peers import (
    AllOf,
    AnyOf,
    Backends,
    Called,
    Expression,
    InSets,
    IsA,
    Kind,
    Labelled,
    NodeQuery,
    Of,
    Peer,
    PodQuery,
    ServicePods,
    Where,
    labelled,
    leaves,
    simple_peers,
)
from flowcheck.model.policy import Direction, Policy, Rule
from flowcheck.model.ports import NamedPort, Ports, PortsBut, ServicePorts
from flowcheck.model.tiers import Tier

MOST_NAMED = 3
"""Things of one policy that a sentence names."""
MOST_WRITTEN = 160
"""Characters of a peer as it is written that a sentence shows."""
_POD = IsA(Kind.POD)
_NOBODY = Where(AnyOf(()))
"""What an entity stands for that no object shows: it is meant so."""


def absent(cluster: Cluster, policies: Iterable[Policy]) -> Iterator[str]:
    """One sentence for each policy that names what is not there, and for each tier."""
    judged = [one for one in policies if one.kind not in OWN_KINDS]
    if not judged:
        return
    there = _There(cluster)
    for policy in judged:
        if isinstance(policy.subject, Where) and not there.is_subject(policy):
            yield f"{policy} ({policy.source}) selects no pod"
            continue
        found = [
            f"{rule.label} names {what}"
            for way in Direction
            for rule in policy.rules(way)
            for what in there.missing(policy, way, rule)
        ]
        if found:
            more = f"; and {len(found) - MOST_NAMED} more such" if len(found) > MOST_NAMED else ""
            yield f"{policy} ({policy.source}): {'; '.join(found[:MOST_NAMED])}{more}"
    yield from _tiers(cluster, judged)


def _tiers(cluster: Cluster, policies: Iterable[Policy]) -> Iterator[str]:
    known = {*CALICO_TIERS, *(tier.name for tier in cluster.tiers), Tier.NETWORK_POLICY.name}
    lost: dict[str, list[Policy]] = defaultdict(list)
    for policy in policies:
        is_ours = policy.mesh is not None or policy.kind.startswith("Cilium")
        if not is_ours and policy.tier.name not in known:
            lost[policy.tier.name].append(policy)
    for name, members in lost.items():
        of, first = counted(len(members), "policy", "policies"), members[0]
        yield (
            f"no input has Tier {name} of {of} ({first}, {first.source}): it is taken to come last and to "
            "deny, as to Calico; add what kubectl get tiers.projectcalico.org -o json prints"
        )


class _There:
    """What the cluster has."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._services = {(one.namespace, one.name): one for one in cluster.services}
        self._served = self._services.keys() | {(one.namespace, one.service) for one in cluster.slices}

    @cached_property
    def _pods(self) -> Things:
        return pods_of(self._cluster)

    @cached_property
    def _others(self) -> tuple[Things, ...]:
        """What an end may be beside a pod."""
        return nodes_of(self._cluster), Things([Thing(Kind.OUTSIDE)])

    @cached_property
    def _sets(self) -> Things:
        return sets_of(self._cluster)

    def is_subject(self, policy: Policy) -> bool:
        """Whether it is for anybody, host endpoints too."""
        hosts = policy.hosts
        return self._is_one(policy.subject) or (hosts is not None and self._sets.any(hosts.what))

    def missing(self, policy: Policy, way: Direction, rule: Rule) -> Iterator[str]:
        """What the rule names, in words, that is not there."""
        shown = dict(enumerate(rule.written)) if len(rule.written) == len(rule.peers or ()) else {}
        lost = [n for n, peer in enumerate(rule.peers or ()) if not self._is_one(peer)]
        for number in lost:
            assert rule.peers is not None
            yield f"{_short(shown.get(number, 'a peer'))}, {self._why(rule.peers[number])}"
        if rule.subject is not None and not self._is_one(rule.subject):
            yield f"{_short(rule.written_subject or 'pods of its own')}, {self._why(rule.subject)}"
        if not lost:
            yield from self._ports(policy, way, rule)

    def _ports(self, policy: Policy, way: Direction, rule: Rule) -> Iterator[str]:
        for port in rule.ports or ():
            if isinstance(port, ServicePorts) and (port.namespace, port.name) not in self._served:
                yield f"Service {port.namespace}/{port.name}, which no input has"
            for name in _names(port):
                whose = rule.peers or (Where(_POD),)
                if way is Direction.INGRESS:
                    whose = (AllOf((policy.subject, *([rule.subject] if rule.subject else []))),)
                if not any(self._is_one(one, name.lower()) for one in whose):
                    yield f"port {name}, which no pod that it is about has"

    def _is_one(self, peer: Peer, port: str = "") -> bool:
        """Whether there may be somebody that the peer takes; with ``port``, who has a port of this name."""
        match peer:
            case AllOf(parts):
                return all(self._is_one(part, port) for part in parts)
            case AnyOf(parts):
                return any(self._is_one(part, port) for part in parts) or not parts
            case PodQuery() | Where() | NodeQuery():
                return peer == _NOBODY or self._is_thing(_expression(peer), port)
            case InSets(what):
                return self._sets.any(what)
            case Backends(namespace, name):
                return (namespace, name) in self._served or self._cluster.services_unlisted
            case ServicePods(str(namespace), str(name)):
                return (namespace, name) in self._services
            case ServicePods(namespace, name, labels):
                asked = (one for one in self._services.values() if namespace in (None, one.namespace))
                return any(name in (None, one.name) and labels.matches(one.labels) for one in asked)
            case _:
                return True

    def _is_thing(self, what: Expression, port: str) -> bool:
        if self._pods.any(what, port):
            return True
        only_pods = isinstance(what, AllOf) and _POD in what.parts
        return not port and not only_pods and any(things.any(what) for things in self._others)

    def _why(self, peer: Peer) -> str:
        for one in simple_peers(peer):
            match one:
                case ServicePods() | Backends():
                    return "a Service that no input has"
                case InSets(what) if any(isinstance(leaf, Called) for leaf in leaves(what)):
                    return "which no input has"
        return "which takes nothing that the inputs show"


def _names(port: Ports) -> Iterator[str]:
    match port:
        case NamedPort(name):
            yield name
        case PortsBut(_, ports, but):
            yield from (one.name for one in (*(ports or ()), *but) if isinstance(one, NamedPort))


def _expression(peer: PodQuery | Where | NodeQuery) -> Expression:
    match peer:
        case Where(what):
            return what
        case NodeQuery(nodes):
            return AllOf((IsA(Kind.NODE), *labelled(Of.OWN, nodes).parts))
        case PodQuery(namespace, namespaces, pods):
            if namespaces is None:
                named = Requirement(NAMESPACE_NAME_LABEL, Operator.IN, frozenset((namespace or "",)))
                return AllOf((_POD, Labelled(Of.NAMESPACE, named), *labelled(Of.OWN, pods).parts))
            spaces = labelled(Of.NAMESPACE, namespaces).parts
            return AllOf((_POD, *spaces, *labelled(Of.OWN, pods).parts))


def _short(text: str) -> str:
    return text if len(text) <= MOST_WRITTEN else f"{text[:MOST_WRITTEN]}..."
