"""Sentences about rules and Services that look as if they did something, and do not.

Made from the finished cluster, for what is in it last; none of them changes a verdict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from flowcheck.advice.virtual_addresses import virtual_addresses
from flowcheck.model.cluster import Cluster, Namespace
from flowcheck.model.policy import PodQuery, Policy
from flowcheck.model.service import EndpointSlice, Service

HOST_NETWORK = "openshift-host-network"
_POLICY_GROUP = "policy-group.network.openshift.io/"


def pitfalls(cluster: Cluster) -> Iterator[str]:
    policies = list({str(policy): policy for policy in cluster.policies}.values())
    yield from virtual_addresses(cluster, policies)
    yield from _host_network(cluster, policies)
    yield from _misnamed_ports(cluster)


def _host_network(cluster: Cluster, policies: list[Policy]) -> Iterator[str]:
    """Rules that let in the namespace that on OpenShift stands for the nodes.

    Source: OVN-Kubernetes, host-network namespace; openshift-docs "policy-group.network.openshift.io".
    """
    label = f"{_POLICY_GROUP}host-network"
    known = [one for one in cluster.namespaces.values() if one.name == HOST_NETWORK or label in one.labels]
    found = [
        (policy, rule)
        for policy in policies
        for rule in policy.ingress
        if any(_lets_in(peer, known) for peer in rule.peers or () if isinstance(peer, PodQuery))
    ]
    if found:
        policy, rule = found[0]
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        yield (
            f"{policy}[{rule.label}] ({rule.source}){more} may let in {HOST_NETWORK}, which stands "
            "for the nodes on OpenShift: that is followed with --cni ovn, or --host-network-namespace "
            f"{HOST_NETWORK}; else traffic from nodes may be called denied"
        )


def _lets_in(peer: PodQuery, known: list[Namespace]) -> bool:
    if peer.namespaces is None:
        return False
    if any(peer.namespaces.matches(one.labels) for one in known):
        return True
    return any(one.key.startswith(_POLICY_GROUP) for one in peer.namespaces.requirements)


def _misnamed_ports(cluster: Cluster) -> Iterator[str]:
    """Services and endpoints are joined by the name of the port; where it differs nothing is translated.

    Source: core/v1 EndpointPort, discovery.k8s.io/v1 EndpointPort: name.
    """
    behind: dict[tuple[str, str], list[EndpointSlice]] = defaultdict(list)
    for one in cluster.slices:
        if one.backends:
            behind[one.namespace, one.service].append(one)
    for service in {str(service): service for service in cluster.services}.values():
        yield from _misnamed(service, behind[service.namespace, service.name])


def _misnamed(service: Service, slices: list[EndpointSlice]) -> Iterator[str]:
    theirs = {(port.name, port.protocol) for one in slices for port in one.ports}
    strange = sorted({name for name, _ in theirs} - {port.name for port in service.ports})
    for port in service.ports:
        if strange and (port.name, port.protocol) not in theirs:
            named = f"port {port.port} ({port.name})" if port.name else f"port {port.port}"
            others = ", ".join(name or "no name" for name in strange)
            remedy = f"write name: {port.name}" if port.name else "leave the name out"
            yield (
                f"{service} ({service.source}): nothing is behind its {named}: the endpoints "
                f"({slices[0].source}) have another name for theirs ({others}), and names join the two; "
                f"{remedy} there"
            )
