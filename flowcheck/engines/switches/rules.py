"""Switches about which policies and rules are in force, whom selectors see, and what a named port is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from flowcheck.engines.switches.own import is_cluster_wide, is_network_policy, is_own, with_peers, with_rules
from flowcheck.model.cluster import Cluster
from flowcheck.model.labels import Operator, Requirement, Selector
from flowcheck.model.policy import (
    Action,
    Anyone,
    Direction,
    DomainNames,
    NamedPort,
    NodeQuery,
    Peer,
    PodQuery,
    Policy,
    PortRange,
    Rule,
)

NO_IDENTITY = re.compile(
    r"statefulset\.kubernetes\.io/pod-name|apps\.kubernetes\.io/pod-index|batch\.kubernetes\.io/controller-uid"
    r"|batch\.kubernetes\.io/job-completion-index|pod-template-hash|pod-template-generation"
    r"|controller-revision-hash|controller-uid|topology\.kubernetes\.io|kubernetes\.io|k8s\.io|io\.kubernetes"
    r"|annotation|etcd_node|.*beta\.kubernetes\.io"
)
"""Keys that begin so are no part of a pod's identity. Source: cilium/cilium v1.20.2
pkg/labelsfilter/filter.go, defaultLabelPrefixCfg."""


def switched(cluster: Cluster, values: Mapping[str, str]) -> Cluster:
    return replace(cluster, policies=tuple(_in_force(cluster.policies, values)))


def remarks(cluster: Cluster, values: Mapping[str, str]) -> Iterator[str]:
    """Policies that are not what they say."""
    for policy in _last(cluster.policies):
        if is_cluster_wide(policy) and values["cluster_policies"] == "ignored":
            yield f"{policy} ({policy.source}) is of a kind that is not enforced: left out"
        elif _is_refused(policy, values):
            yield f"{policy} ({policy.source}) is refused as a whole, since a peer of it is nodes: left out"
        elif policy.beside_types and values["rule_types"] != "listed":
            yield (
                f"{policy} ({policy.source}) has rules of a direction that its policyTypes leaves out: here "
                "they are in force"
            )


def _last(policies: Iterable[Policy]) -> list[Policy]:
    return list({str(policy): policy for policy in policies}.values())


def _in_force(policies: Iterable[Policy], values: Mapping[str, str]) -> Iterator[Policy]:
    for policy in policies:
        if not is_own(policy):
            yield policy
        elif is_cluster_wide(policy) and values["cluster_policies"] == "ignored":
            continue
        elif not _is_refused(policy, values):
            yield from _as_enforced(policy, values)


def _is_refused(policy: Policy, values: Mapping[str, str]) -> bool:
    return values["nodes_peers"] == "refused" and any(isinstance(peer, NodeQuery) for peer in policy.peers())


def _as_enforced(policy: Policy, values: Mapping[str, str]) -> Iterator[Policy]:
    if values["rule_types"] != "listed":
        policy = _with_all_rules(policy, isolating=values["rule_types"] == "all")
    if values["nodes_peers"] == "closed":
        policy = with_rules(policy, _closed)
    if values["port_names"] == "unread" and is_network_policy(policy):
        policy = with_rules(policy, _without_names)
    if values["selector_labels"] == "identity":
        yield from _by_identity(policy)
    else:
        yield policy


def _with_all_rules(policy: Policy, *, isolating: bool) -> Policy:
    beside = dict(policy.beside_types)
    return replace(
        policy,
        ingress=beside.get(Direction.INGRESS, policy.ingress),
        egress=beside.get(Direction.EGRESS, policy.egress),
        isolates=policy.isolates | beside.keys() if isolating else policy.isolates,
        beside_types=(),
    )


def _closed(rule: Rule) -> Rule | None:
    """With a peer that cannot be converted: an Accept is left out, Deny and Pass deny everything."""
    if not any(isinstance(peer, NodeQuery | DomainNames) for peer in rule.peers or ()):
        return rule
    if rule.action is Action.ALLOW:
        return None
    return replace(rule, action=Action.DENY, peers=(Anyone(),), ports=None)


def _without_names(rule: Rule) -> Rule:
    if not any(isinstance(port, NamedPort) for port in rule.ports or ()):
        return rule
    ports = (
        PortRange(port.protocol) if isinstance(port, NamedPort) and port.protocol is not None else port
        for port in rule.ports or ()
    )
    return replace(rule, ports=tuple(dict.fromkeys(ports)))


def _by_identity(policy: Policy) -> Iterator[Policy]:
    """The policy, as its selectors are seen where some labels are none; nothing where it selects nobody."""

    def seen(peer: Peer) -> Peer | None:
        return _seen_query(peer) if isinstance(peer, PodQuery) else peer

    subject = policy.subject
    found = _seen_query(subject) if isinstance(subject, PodQuery) else subject
    if found is not None:
        yield replace(with_peers(policy, seen), subject=found)


def _seen_query(query: PodQuery) -> PodQuery | None:
    """A query as if no pod had the labels that are no part of an identity; None: nobody can match."""
    kept = []
    for clause in query.pods.requirements:
        if NO_IDENTITY.match(clause.key) is None:
            kept.append(clause)
        elif not _holds_for_none(clause):
            return None
    return query if len(kept) == len(query.pods.requirements) else query._replace(pods=Selector(tuple(kept)))


def _holds_for_none(clause: Requirement) -> bool:
    return clause.operator in (Operator.NOT_IN, Operator.DOES_NOT_EXIST)
