"""Which policies are Kubernetes' own, and how all of their rules are rewritten."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from flowcheck.model.policy import Peer, Policy, Rule, Tier

CLUSTER_WIDE = ("ClusterNetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy")
OWN_KINDS = ("NetworkPolicy", *CLUSTER_WIDE)


def is_network_policy(policy: Policy) -> bool:
    return policy.tier == Tier.NETWORK_POLICY


def is_cluster_wide(policy: Policy) -> bool:
    return policy.kind in CLUSTER_WIDE and policy.tier in (Tier.ADMIN, Tier.BASELINE)


def is_own(policy: Policy) -> bool:
    return is_network_policy(policy) or is_cluster_wide(policy)


def with_rules(policy: Policy, change: Callable[[Rule], Rule | None]) -> Policy:
    """The policy with each rule changed, or left out."""
    ingress, egress = _changed(policy.ingress, change), _changed(policy.egress, change)
    if ingress == policy.ingress and egress == policy.egress:
        return policy
    return replace(policy, ingress=ingress, egress=egress)


def with_peers(policy: Policy, change: Callable[[Peer], Peer | None]) -> Policy:
    """The policy with each peer changed, or left out; a rule that has none left is about nobody."""

    def changed(rule: Rule) -> Rule:
        if rule.peers is None:
            return rule
        peers = tuple(found for peer in rule.peers if (found := change(peer)) is not None)
        return rule if peers == rule.peers else replace(rule, peers=peers)

    return with_rules(policy, changed)


def _changed(rules: Iterable[Rule], change: Callable[[Rule], Rule | None]) -> tuple[Rule, ...]:
    return tuple(found for rule in rules if (found := change(rule)) is not None)
