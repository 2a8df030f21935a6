"""Switches about order: cluster-wide policies of one priority, and when the Baseline tier is asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from flowcheck.counted import listed
from flowcheck.engines.switches.own import is_cluster_wide, is_network_policy
from flowcheck.model.cluster import Cluster
from flowcheck.model.policy import Action, Direction, Policy, Rule, Tier
from flowcheck.model.verdict import Reason

AFTER_NETWORK_POLICY = Tier("NETWORK_POLICY_IS_FINAL", 1.5)
"""What a NetworkPolicy says of the directions it does not isolate, where it ends evaluation for them too."""
FIRST, THEN = "0", "1"
"""Ties: of policies that may come first, and of all of them after these. They tell the two apart, too."""
MOST_NAMED = 5
_MEANT = {
    "unknown": "where they disagree, the API leaves open which is asked first: unknown (ambiguous_policy)",
    "name": "they are taken in the order of their names, which a cluster need not do",
    "rules": "their rules interleave, first with first; of one number Deny comes before Accept before Pass",
}


def switched(cluster: Cluster, values: Mapping[str, str]) -> Cluster:
    policies = cluster.policies
    if values["equal_priority"] == "rules":
        policies = tuple(map(_by_level, policies))
    elif values["equal_priority"] == "unknown":
        policies = tuple(_any_first(policies))
    if values["baseline_tier"] == "pod":
        policies = (*policies, *_final(policies))
    return cluster if policies is cluster.policies else replace(cluster, policies=policies)


def remarks(cluster: Cluster, values: Mapping[str, str]) -> Iterator[str]:
    """Policies of one priority, and what becomes of them."""
    if values["cluster_policies"] == "ignored":
        return
    for (tier, priority), tied in sorted(_groups(cluster.policies).items(), key=lambda one: one[0][1]):
        if len(tied) > 1:
            names = listed(sorted(tied), MOST_NAMED)
            meant = _MEANT[values["equal_priority"]]
            yield f"{names} have the same priority {priority:g} in tier {tier.name.title()}: {meant}"


def _groups(policies: Iterable[Policy]) -> dict[tuple[Tier, float], dict[str, list[Policy]]]:
    """Cluster-wide policies by tier and priority; of each, by name, all versions."""
    groups: dict[tuple[Tier, float], dict[str, list[Policy]]] = defaultdict(dict)
    for policy in policies:
        if is_cluster_wide(policy):
            groups[policy.tier, policy.priority].setdefault(str(policy), []).append(policy)
    return groups


def _any_first(policies: Iterable[Policy]) -> Iterator[Policy]:
    """Policies of one priority that disagree, so that any of those that match may come first: each but one
    stands before all of them once more, and whether it does select anybody there is open. Whatever comes of
    those, the first that matches is one that the API lets come first."""
    groups = {key: group for key, group in _groups(policies).items() if _disagree(group)}
    for policy in policies:
        group = groups.get((policy.tier, policy.priority)) if is_cluster_wide(policy) else None
        if group is None:
            yield policy
            continue
        if str(policy) != min(group):
            yield replace(policy, tie=FIRST, needs=Reason.AMBIGUOUS_POLICY)
        yield replace(policy, tie=THEN)


def _disagree(group: Mapping[str, list[Policy]]) -> bool:
    """Whether any two of the policies have rules of one direction with other actions."""
    for direction in Direction:
        actions = [
            {rule.action for version in versions for rule in version.rules(direction)}
            for versions in group.values()
        ]
        found = [one for one in actions if one]
        if len(found) > 1 and len(set().union(*found)) > 1:
            return True
    return False


def _by_level(policy: Policy) -> Policy:
    """Level of a rule: its policy's priority and its own number in hundredths."""
    if not is_cluster_wide(policy):
        return policy

    def levelled(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        return tuple(replace(rule, level=policy.priority + n / 100) for n, rule in enumerate(rules))

    tier = replace(policy.tier, by_level=True)
    ingress, egress = levelled(policy.ingress), levelled(policy.egress)
    return replace(policy, tier=tier, ingress=ingress, egress=egress)


def _final(policies: Iterable[Policy]) -> Iterator[Policy]:
    """For each NetworkPolicy that does not isolate both directions: all of the others is allowed, before the
    Baseline tier is asked."""
    for policy in policies:
        if not is_network_policy(policy):
            continue
        others = {direction for direction in Direction if direction not in policy.isolates}
        if others:
            free = (Rule("policyTypes", Action.ALLOW, source=policy.source),)
            yield replace(
                policy,
                tie=THEN,
                tier=AFTER_NETWORK_POLICY,
                isolates=frozenset(),
                isolated=(),
                ingress=free if Direction.INGRESS in others else (),
                egress=free if Direction.EGRESS in others else (),
            )
