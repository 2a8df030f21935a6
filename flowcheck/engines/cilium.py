"""The policies of a cluster as Cilium enforces them, by its agent's settings.

    its own kinds          in the tier Normal; those that the settings refuse are left out, and named
    NetworkPolicy          there too; its rules are in force, and isolate, whatever policyTypes says
    ClusterNetworkPolicy   in Admin or Baseline, asked rule by rule: a policy's name and place never count
    AdminNetworkPolicy     not read by Cilium, as BaselineAdminNetworkPolicy

What comes from a pod's own node is let in where no rule speaks against it; isolation is asked last of all.
Whom selectors and blocks stand for: ``sight.py``.

Source: cilium v1.20 pkg/k8s network_policy.go and cluster_network_policy.go, pkg/policy repository.go and
mapstate.go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from flowcheck.engines.sight import Sight
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import (
    CILIUM_ADMIN,
    CILIUM_BASELINE,
    CILIUM_DEFAULT,
    CILIUM_NORMAL,
    CiliumSettings,
)
from flowcheck.model.labels import EVERYTHING, Operator, Requirement
from flowcheck.model.options import Options
from flowcheck.model.peers import (
    AllOf,
    DomainNames,
    IsA,
    Kind,
    Labelled,
    NodeQuery,
    Of,
    Subject,
    Where,
    leaves,
)
from flowcheck.model.policy import Action, Direction, NamedPort, PodQuery, Policy, Rule, Tier
from flowcheck.model.verdict import Reason

OWN_KINDS = ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy")
_ALL_PODS = PodQuery(namespaces=EVERYTHING)
_DNS = Labelled(Of.OWN, Requirement("k8s-app", Operator.IN, frozenset({"kube-dns"})))


def options(given: Options) -> Options:
    """What is Cilium's of the questions that policies leave open."""
    return replace(
        given,
        own_node="policy",
        port_names="containers",
        same_port_name="last",
        icmp="policy",
    )


def enforced(cluster: Cluster, settings: CiliumSettings) -> Cluster:
    """The cluster with the policies that Cilium enforces, and what it says of the others."""
    if settings.enforcement == "never":
        warning = "Cilium enforces no policies: enable-policy is never"
        return replace(cluster, policies=(), warnings=(*cluster.warnings, warning))
    refused: dict[str, list[Policy]] = defaultdict(list)
    kept: list[Policy] = []
    for policy in cluster.policies:
        if why := _left_out(policy, settings):
            refused[why].append(policy)
        elif policy.ingress or policy.egress or policy.isolates:
            kept.append(policy)
    remarks = list(_remarks(refused))
    if settings.audit:
        remarks.append("Cilium drops nothing: policy-audit-mode is on, so verdicts say what it would drop")
    view = _View(settings, kept)
    return replace(
        cluster,
        policies=(*(view.policy(one) for one in kept), *_own_policies(settings)),
        warnings=(*cluster.warnings, *remarks),
    )


def _remarks(refused: Mapping[str, Sequence[Policy]]) -> Iterator[str]:
    """What Cilium does not enforce, by the reason."""
    for why, policies in refused.items():
        first, more = policies[0], len({str(policy) for policy in policies}) - 1
        others = f" and {more} more" if more else ""
        yield f"Cilium does not enforce {first} ({first.source}){others}: {why}"


def _left_out(policy: Policy, settings: CiliumSettings) -> str:
    """Why Cilium does not enforce a policy; empty: it does."""
    enforced_kinds = {
        "NetworkPolicy": ("enable-k8s-networkpolicy", settings.network_policies),
        "CiliumNetworkPolicy": ("enable-cilium-network-policy", settings.cilium_policies),
        "CiliumClusterwideNetworkPolicy": (
            "enable-cilium-clusterwide-network-policy",
            settings.clusterwide_policies,
        ),
        "ClusterNetworkPolicy": ("enable-k8s-cluster-network-policy", settings.cluster_network_policies),
    }
    option, is_on = enforced_kinds.get(policy.kind, ("", False))
    if not is_on:
        return f"{option} is off" if option else f"Cilium does not read {policy.kind}"
    peers = list(policy.peers())
    if not settings.node_selector_labels and any(isinstance(peer, NodeQuery) for peer in peers):
        return "it names nodes by label, and enable-node-selector-labels is off"
    if _is_for_nodes(policy.subject) and not settings.host_firewall:
        return "it is for nodes, and enable-host-firewall is off"
    names = (
        rule for rule in policy.egress if any(isinstance(peer, DomainNames) for peer in rule.peers or ())
    )
    if policy.kind not in OWN_KINDS and any(rule.action is not Action.ALLOW for rule in names):
        return "it has domainNames in a rule that does not accept"
    return ""


def _is_for_nodes(subject: Subject) -> bool:
    return isinstance(subject, Where) and IsA(Kind.NODE) in set(leaves(subject.what))


def _own_policies(settings: CiliumSettings) -> Iterator[Policy]:
    """What holds without any policy."""
    if settings.localhost_allowed:
        rule = Rule("allow-localhost", Action.ALLOW, (Where(IsA(Kind.OWN_NODE)),))
        yield Policy("Cilium", "", "allow-localhost", CILIUM_DEFAULT, _ALL_PODS, ingress=(rule,))
    if settings.enforcement == "always":
        both = frozenset(Direction)
        yield Policy("Cilium", "", "enable-policy", CILIUM_NORMAL, _ALL_PODS, isolates=both)


class _View:
    """Policies as the agent sees them."""

    def __init__(self, settings: CiliumSettings, policies: Iterable[Policy]) -> None:
        self._sight = Sight(settings)
        kinds = {(policy.kind, policy.tier == Tier.BASELINE) for policy in policies}
        self._has_baseline = ("ClusterNetworkPolicy", True) in kinds
        self._isolates = any(policy.isolates for policy in policies) or settings.enforcement == "always"

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
            ingress=tuple(self._rules(policy.ingress, isolates=Direction.INGRESS in policy.isolates)),
            egress=tuple(self._rules(policy.egress, isolates=Direction.EGRESS in policy.isolates)),
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
            asking = replace(rule, label=f"{rule.label}.dns", peers=(dns,), ports=ports, needs=needs)
            yield asking
            if self._isolates:
                yield _refusing(asking, 0.005)

    def _rules(self, rules: Iterable[Rule], *, isolates: bool) -> Iterator[Rule]:
        for rule in rules:
            peers = None if rule.peers is None else tuple(self._sight.peer(one) for one in rule.peers)
            subject = None if rule.subject is None else self._sight.peer(rule.subject)
            seen = replace(rule, peers=peers, subject=subject)
            yield seen
            if isolates and self._has_baseline and seen.action is Action.ALLOW and seen.needs:
                yield _refusing(seen, 0.5)


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


def _refusing(rule: Rule, later: float) -> Rule:
    """The proxy refuses what no rule of its own lets through, so no later tier is asked."""
    return replace(
        rule,
        label=f"{rule.label}.proxy",
        action=Action.DENY,
        needs=Reason.NONE,
        level=(rule.level or 0) + later,
    )
