"""What Calico enforces, as policies of the one vocabulary.

Everything stands in Calico's tiers. A NetworkPolicy of Kubernetes is one of tier default at order 1000, whose
default is the tier's: what it does not allow, a Calico policy of a later order may. A ClusterNetworkPolicy
is one of tier kube-admin or kube-baseline at its priority as order; a rule with a peer that Calico cannot
convert (nodes, domainNames) allows nothing, and denies everything where it denies or passes. Its peer
``namespaces`` takes network sets too, as a selector of Calico's does. Names of ports are those of the pods
that a rule's selector takes, never of a network set around them. Policies of equal order are asked by name.
After the last tier everything is allowed, which is what the profiles of namespaces say.

Source: Calico v3.32, libcalico-go backend/k8s/conversion (conversion.go, clusternetworkpolicy.go),
felix/calc/policy_sorter.go, app-policy/checker/check.go.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from flowcheck.engines.hosts import host_endpoints, with_hosts
from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Cluster, Pod
from flowcheck.model.engines import CALICO_TIERS, CalicoSettings
from flowcheck.model.labels import Labels, Operator, Requirement, Selector
from flowcheck.model.options import Options
from flowcheck.model.peers import AllOf, AnyOf, InSets, Not, Of, Peer, PodQuery, labelled
from flowcheck.model.policy import (
    Action,
    DomainNames,
    NamedPort,
    NodeQuery,
    Policy,
    PortRange,
    Ports,
    Rule,
    Tier,
)
from flowcheck.model.ports import PortsBut, without

ACCOUNT_NAME = "projectcalico.org/name"
"""To Calico a label of every service account."""
_OF_NAMESPACE = "pcns."
_NAMES = frozenset({ACCOUNT_NAME, NAMESPACE_NAME_LABEL})
KUBERNETES_ORDER = 1000
_ONES_WITH_NAMES = (3, 32)
"""The first release whose ties are broken by name, namespace and kind."""

_KUBERNETES = {
    "NetworkPolicy": "KubernetesNetworkPolicy",
    "StagedKubernetesNetworkPolicy": "StagedKubernetesNetworkPolicy",
}
_ADMIN = frozenset({"ClusterNetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy"})
_OWN = {
    "CalicoNetworkPolicy": "NetworkPolicy",
    "GlobalNetworkPolicy": "GlobalNetworkPolicy",
    "StagedNetworkPolicy": "StagedNetworkPolicy",
    "StagedGlobalNetworkPolicy": "StagedGlobalNetworkPolicy",
}
KINDS = frozenset({*_KUBERNETES, *_ADMIN, *_OWN})
"""The policies that Calico enforces, or previews."""


def enforced(cluster: Cluster, settings: CalicoSettings = CalicoSettings()) -> Cluster:  # noqa: B008 (frozen)
    """The cluster with its policies as Calico enforces them; those of other languages are left out."""
    tiers = {**CALICO_TIERS, **{tier.name: tier for tier in cluster.tiers}}
    has_own = any(policy.kind in _OWN for policy in cluster.policies)
    view = _View(tiers, settings, bool(cluster.sets), has_own)
    policies = tuple(view.policy(one) for one in cluster.policies if one.kind in KINDS)
    pods = tuple(_with_own_labels(pod, cluster) for pod in cluster.pods)
    return with_hosts(replace(cluster, pods=pods, policies=policies, accounts=_accounts(cluster)))


def options(chosen: Options, cluster: Cluster) -> Options:
    """The options, and that nodes are subjects, too, where there are host endpoints."""
    return replace(chosen, host_policies=True) if host_endpoints(cluster) else chosen


def _with_own_labels(pod: Pod, cluster: Cluster) -> Pod:
    """The pod, with its own ``pcns.`` labels in the place of its namespace's, as to Calico it has one map of
    labels; not the name of its namespace."""
    keys = {key: key.removeprefix(_OF_NAMESPACE) for key in pod.labels if key.startswith(_OF_NAMESPACE)}
    own = {name: pod.labels[key] for key, name in keys.items() if name not in _NAMES}
    labels, is_known = cluster.namespace_labels(pod) if own else ({}, False)
    return replace(pod, namespace_labels={**labels, **own}) if is_known else pod


def _accounts(cluster: Cluster) -> dict[tuple[str, str], Labels]:
    """Service accounts with their names as labels. In a namespace of which any is described, all are: a pod
    whose account does not exist has no labels of one."""
    spaces = {namespace for namespace, _ in cluster.accounts}
    used = {(pod.namespace, pod.account) for pod in cluster.pods if pod.namespace in spaces}
    return {
        key: {**cluster.accounts.get(key, {}), ACCOUNT_NAME: key[1]}
        for key in sorted(used | cluster.accounts.keys())
    }


@dataclass(frozen=True, slots=True)
class _View:
    """``has_sets``: there are sets of addresses, so that what a selector takes may be more than pods.
    ``has_own``: there are policies of Calico's own; without, Kubernetes' tiers say the same as Calico's."""

    tiers: Mapping[str, Tier]
    settings: CalicoSettings
    has_sets: bool
    has_own: bool

    def policy(self, policy: Policy) -> Policy:
        if policy.kind in _ADMIN:
            ingress, egress = (tuple(_converted(rules)) for rules in (policy.ingress, policy.egress))
            policy = replace(policy, ingress=ingress, egress=egress)
        if self.has_sets and policy.kind not in _KUBERNETES:
            ingress = tuple(part for rule in policy.ingress for part in _beside_sets(rule, is_ingress=True))
            egress = tuple(part for rule in policy.egress for part in _beside_sets(rule, is_ingress=False))
            policy = replace(policy, ingress=ingress, egress=egress)
        if not self.has_own:
            return policy
        if policy.kind in _KUBERNETES:
            tier = self.tiers["default"]
            tie = self._tie(policy, tier, _KUBERNETES[policy.kind])
            return replace(policy, tier=tier, priority=KUBERNETES_ORDER, tie=tie)
        if policy.kind in _ADMIN:
            tier = self.tiers["kube-baseline" if policy.tier == Tier.BASELINE else "kube-admin"]
            return replace(policy, tier=tier, tie=self._tie(policy, tier, "KubernetesClusterNetworkPolicy"))
        name = policy.tier.name
        tier = self.tiers.get(name, Tier(name, math.inf, denies=True))
        ingress, egress = (tuple(map(self._plain, rules)) for rules in (policy.ingress, policy.egress))
        tie = self._tie(policy, tier, _OWN[policy.kind])
        return replace(policy, tier=tier, tie=tie, ingress=ingress, egress=egress)

    def _plain(self, rule: Rule) -> Rule:
        """The same rule, said as plainly as can be: sentences are made of plain peers only."""
        peers, subject = rule.peers or (), rule.subject
        if not self.has_sets:
            peers = tuple(map(_without_sets, peers))
            subject = None if subject is None else _without_sets(subject)
        match peers:
            case (AnyOf(parts),):
                peers = parts
        return replace(rule, peers=None if rule.peers is None else peers, subject=subject)

    def _tie(self, policy: Policy, tier: Tier, kind: str) -> str:
        """What policies of equal order are asked by."""
        if self.settings.version >= _ONES_WITH_NAMES:
            return f"{policy.name}/{policy.namespace}/{kind}"
        prefix = (
            f"{tier.name}." if policy.kind in _OWN else f"k{'np' if policy.namespace else 'anp'}.{tier.name}."
        )
        return policy.name if policy.name.startswith(prefix) else prefix + policy.name


def _converted(rules: tuple[Rule, ...]) -> Iterator[Rule]:
    """The rules of a ClusterNetworkPolicy that Calico can convert; of others those that close."""
    for rule in rules:
        if not any(isinstance(peer, NodeQuery | DomainNames) for peer in rule.peers or ()):
            yield rule
        elif rule.action is not Action.ALLOW:
            yield replace(rule, action=Action.DENY, peers=None, ports=None, unread=False)


def _beside_sets(rule: Rule, *, is_ingress: bool) -> Iterator[Rule]:
    """The rule where there are sets of addresses; one that names ports in two: about the pods that its
    selector takes, and about who else is in a set that it takes, where no port has a name."""
    peers = None if rule.peers is None else tuple(map(_with_sets, rule.peers))
    rule = replace(rule, peers=peers)
    end: Peer | None = rule.subject
    if not is_ingress:
        end = AnyOf(peers) if peers else None
    unnamed = tuple(found for port in rule.ports or () for found in _without_names(port))
    pods = None if end is None else _of_pods(end)
    if end is None or pods is None or pods == end or unnamed == (rule.ports or ()):
        yield rule
        return
    others: Peer = AllOf((end, Not(pods)))
    for ports, whom in ((rule.ports, pods), (unnamed, others)):
        if ports and is_ingress:
            yield replace(rule, ports=ports, subject=whom)
        elif ports:
            yield replace(rule, ports=ports, peers=(whom,))


def _without_names(port: Ports) -> tuple[Ports, ...]:
    """What is left of it where no port has a name."""
    match port:
        case NamedPort():
            return ()
        case PortsBut(protocol, ports, but):
            left = (PortRange(protocol),) if ports is None else ports
            return without(_ranges(left), _ranges(but))
        case _:
            return (port,)


def _ranges(ports: Iterable[PortRange | NamedPort]) -> Iterator[PortRange]:
    return (port for port in ports if isinstance(port, PortRange))


def _of_pods(peer: Peer) -> Peer:
    """Whom its selectors take but for sets; what a notSelector leaves out stays."""
    match peer:
        case AnyOf(parts):
            return AnyOf(tuple(_of_pods(part) for part in parts if not isinstance(part, InSets)))
        case AllOf(parts):
            return AllOf(tuple(map(_of_pods, parts)))
        case _:
            return peer


def _with_sets(peer: Peer) -> Peer:
    """Namespaces with their network sets; and with sets that have no namespace, where the clauses hold."""
    if not (isinstance(peer, PodQuery) and peer.whole and peer.namespaces is not None):
        return peer
    clauses = peer.namespaces.requirements or (Requirement(NAMESPACE_NAME_LABEL, Operator.EXISTS),)
    return AnyOf((peer, InSets(labelled(Of.NAMESPACE, Selector(clauses)), may_match_pods=True)))


def _without_sets(peer: Peer) -> Peer:
    match peer:
        case AnyOf(parts):
            left = tuple(_without_sets(part) for part in parts if not isinstance(part, InSets))
            return left[0] if len(left) == 1 else AnyOf(left)
        case AllOf(parts):
            return AllOf(tuple(map(_without_sets, parts)))
        case Not(part):
            return Not(_without_sets(part))
        case _:
            return peer
