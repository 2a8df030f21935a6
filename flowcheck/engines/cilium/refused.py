"""Policies that Cilium does not enforce, by its agent's settings, and why.

Source: cilium v1.20 pkg/policy/k8s watcher.go, pkg/policy/api rule_validation.go, pkg/k8s
cluster_network_policy.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from flowcheck.model.engines import CiliumSettings
from flowcheck.model.peers import DomainNames, IsA, Kind, NodeQuery, Subject, Where, leaves
from flowcheck.model.policy import Action, Direction, PodQuery, Policy

_OWN_KINDS = ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy")


def why_not(policy: Policy, settings: CiliumSettings) -> str:
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
    if not policy.isolated and _is_for_nodes(policy.subject) and not settings.host_firewall:
        return "it is for nodes, and enable-host-firewall is off"
    names = (
        rule for rule in policy.egress if any(isinstance(peer, DomainNames) for peer in rule.peers or ())
    )
    if policy.kind not in _OWN_KINDS and any(rule.action is not Action.ALLOW for rule in names):
        return "it has domainNames in a rule that does not accept"
    return ""


def remarks_on(refused: Mapping[str, Sequence[Policy]]) -> Iterator[str]:
    """What Cilium does not enforce, by the reason."""
    for why, policies in refused.items():
        first, more = policies[0], len({str(policy) for policy in policies}) - 1
        others = f" and {more} more" if more else ""
        yield f"Cilium does not enforce {first} ({first.source}){others}: {why}"


def without_hosts(policy: Policy) -> Policy:
    """A policy of several specs without those that are for nodes."""
    isolated = tuple(one for one in policy.isolated if not _is_for_nodes(one[1]))
    if isolated == policy.isolated:
        return policy
    ingress, egress = (
        tuple(
            rule
            for rule in policy.rules(one)
            if not isinstance(rule.subject, Where | PodQuery) or not _is_for_nodes(rule.subject)
        )
        for one in Direction
    )
    isolates = frozenset(direction for direction, _ in isolated)
    return replace(policy, isolated=isolated, isolates=isolates, ingress=ingress, egress=egress)


def _is_for_nodes(subject: Subject) -> bool:
    return isinstance(subject, Where) and IsA(Kind.NODE) in set(leaves(subject.what))
