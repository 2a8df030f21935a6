"""Policies of each kind as Cilium's own rules: their tier, their levels, and what stands beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from flowcheck.engines.cilium.sight import Sight
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import CILIUM_ADMIN, CILIUM_BASELINE, CILIUM_NORMAL, CiliumSettings
from flowcheck.model.labels import Operator, Requirement
from flowcheck.model.peers import (
    AllOf,
    AnyOf,
    Anyone,
    Backends,
    DomainNames,
    IsA,
    Kind,
    Labelled,
    Not,
    Of,
    Peer,
    Simple,
    Subject,
    Where,
    simple_peers,
)
from flowcheck.model.policy import Action, Direction, NamedPort, Policy, PortRange, Rule, Tier
from flowcheck.model.protocols import TCP
from flowcheck.model.verdict import Reason

_API_SERVER = ("default", "kubernetes")
_AFTER = 0.005
"""After the rules of one level, before those of the next, which is a hundredth later."""
_NOT_OWN_NODE: Peer = Not(Where(IsA(Kind.OWN_NODE)))
_DNS = Labelled(Of.OWN, Requirement("k8s-app", Operator.IN, frozenset({"kube-dns"})))


class View:
    """Policies as the agent sees them."""

    def __init__(self, settings: CiliumSettings, policies: Sequence[Policy], cluster: Cluster) -> None:
        self._sight = Sight(settings, cluster)
        told = any((one.namespace, one.service) == _API_SERVER for one in cluster.slices)
        asked = any(_asks_api_server(peer) for policy in policies for peer in policy.peers())
        self.misses_api_server = asked and not told
        self._has_tiers = any(policy.kind == "ClusterNetworkPolicy" for policy in policies)
        self._always = settings.enforcement == "always"
        self._localhost_allowed = settings.localhost_allowed
        self._isolated = {
            one: tuple(self._sight.subject(whom) for policy in policies for whom in _isolated(policy, one))
            for one in Direction
        }

    def policy(self, policy: Policy) -> Policy:
        match policy.kind:
            case "NetworkPolicy":
                policy = _by_its_rules(policy)
            case "ClusterNetworkPolicy":
                policy = self._by_level(policy)
        return replace(
            policy,
            subject=self._sight.subject(policy.subject),
            isolated=tuple((direction, self._sight.subject(whom)) for direction, whom in policy.isolated),
            ingress=tuple(self._rules(policy.ingress, Direction.INGRESS)),
            egress=tuple(self._rules(policy.egress, Direction.EGRESS)),
        )

    def _by_level(self, policy: Policy) -> Policy:
        """Priority, then the rule's number: policies of one priority interleave."""

        def levelled(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
            return tuple(replace(rule, level=policy.priority + n / 100) for n, rule in enumerate(rules))

        tier = CILIUM_BASELINE if policy.tier == Tier.BASELINE else CILIUM_ADMIN
        egress = tuple(one for rule in levelled(policy.egress) for one in self._with_lookups(rule))
        return replace(policy, tier=tier, ingress=levelled(policy.ingress), egress=egress)

    def _with_lookups(self, rule: Rule) -> Iterator[Rule]:
        """A rule that accepts domain names also accepts that the cluster's DNS is asked for these."""
        yield rule
        if any(isinstance(peer, DomainNames) for peer in rule.peers or ()):
            dns = Where(AllOf((IsA(Kind.POD), _DNS)))
            ports = (NamedPort("dns", None), NamedPort("dns-tcp", None))
            needs = Reason.NEEDS_L7
            yield replace(rule, label=f"{rule.label}.dns", peers=(dns,), ports=ports, needs=needs)

    def _rules(self, rules: Iterable[Rule], direction: Direction) -> Iterator[Rule]:
        for rule in rules:
            peers = None if rule.peers is None else tuple(self._sight.peer(one) for one in rule.peers)
            subject = None if rule.subject is None else self._sight.peer(rule.subject)
            seen = replace(rule, peers=peers, subject=subject)
            yield seen
            if self.misses_api_server and any(map(_asks_api_server, _simple_of(rule))):
                yield from _perhaps_api_server(seen)
            if self._has_tiers and seen.action is Action.ALLOW and seen.needs is Reason.NEEDS_L7:
                yield from self._by_proxy(seen, direction)

    def _by_proxy(self, rule: Rule, direction: Direction) -> Iterator[Rule]:
        """What requests are asked for is let in whatever they ask, of whom nothing isolates; of others the
        proxy refuses what no rule of its own lets through, so no later rule or tier is asked. Where a pod's
        own node is always let in, the proxy refuses none of it."""
        isolated: Peer = Anyone() if self._always else AnyOf(self._isolated[direction])
        after = (rule.level or 0) + _AFTER
        peers = rule.peers
        if direction is Direction.INGRESS and self._localhost_allowed:
            peers = tuple(AllOf((peer, _NOT_OWN_NODE)) for peer in ((Anyone(),) if peers is None else peers))
        let_in = replace(rule, label=f"{rule.label}.unasked", needs=Reason.NONE)
        refused = replace(let_in, label=f"{rule.label}.proxy", action=Action.DENY, peers=peers, level=after)
        for seen, whom in ((let_in, Not(isolated)), (refused, isolated)):
            yield replace(seen, subject=whom if rule.subject is None else AllOf((rule.subject, whom)))


def _isolated(policy: Policy, direction: Direction) -> Iterator[Subject]:
    """Whom a policy isolates."""
    if policy.kind == "NetworkPolicy":
        policy = _by_its_rules(policy)
    if direction in policy.isolates:
        yield from [whom for one, whom in policy.isolated if one is direction] or [policy.subject]


def _by_its_rules(policy: Policy) -> Policy:
    """A NetworkPolicy: rules isolate, even such as stand beside policyTypes."""
    beside = dict(policy.beside_types)
    ingress, egress = (
        tuple(replace(rule, level=0) for rule in (*policy.rules(one), *beside.get(one, ())))
        for one in Direction
    )
    isolates = policy.isolates | beside.keys()
    known = replace(policy, tier=CILIUM_NORMAL, isolates=isolates, beside_types=())
    return replace(known, ingress=ingress, egress=egress)


def _asks_api_server(peer: Simple) -> bool:
    return isinstance(peer, Backends) and (peer.namespace, peer.name) == _API_SERVER


def _simple_of(rule: Rule) -> Iterator[Simple]:
    for peer in rule.peers or ():
        yield from simple_peers(peer)


def _perhaps_api_server(rule: Rule) -> Iterator[Rule]:
    """Where no input tells where the API server is, any TCP peer that is no pod may be it."""
    ports = (
        [PortRange(TCP)]
        if rule.ports is None
        else [port for port in rule.ports if isinstance(port, PortRange) and port.protocol == TCP]
    )
    if ports:
        peers = (Where(Not(IsA(Kind.POD))),)
        label = f"{rule.label}.kube-apiserver"
        yield replace(rule, label=label, peers=peers, ports=tuple(ports), needs=Reason.NO_SERVICE)
