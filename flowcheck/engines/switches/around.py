"""Switches about what is around policies: unselected pods, nodes, the host network, names of ports, DNS."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from flowcheck.engines.switches.own import is_own, with_rules
from flowcheck.model.cluster import Cluster, ContainerPort, Node, Pod
from flowcheck.model.labels import EVERYTHING
from flowcheck.model.peers import IsA, Kind, Where
from flowcheck.model.policy import Action, Direction, PodQuery, Policy, Rule, Tier

ALL_PODS = PodQuery(namespaces=EVERYTHING)
OWN_NODE_FIRST = Tier("OWN_NODE", -1)
PLACES = {"gateway": 1, "management": 2}
"""Which address of a node's pod range its device has. Source: Antrea's antrea-gw0; OVN-Kubernetes's
ovn-k8s-mp0, go-controller/pkg/util/net.go, GetNodeManagementIfAddr."""


def switched(cluster: Cluster, values: Mapping[str, str]) -> Cluster:
    policies = (*_with_host_network(cluster, values["host_network_namespace"]), *_added(values))
    return things(replace(cluster, policies=policies), values)


def things(cluster: Cluster, values: Mapping[str, str]) -> Cluster:
    """What is not about policies: pods, nodes and Services as they are taken to be."""
    if values["same_port_name"] == "first":
        cluster = replace(cluster, pods=tuple(map(_first_names, cluster.pods)))
    if values["node_devices"] != "bridge":
        place = PLACES.get(values["node_devices"])
        cluster = replace(cluster, nodes=tuple(_with_device(node, place) for node in cluster.nodes))
    if values["node_dns"] == "backends":
        services = tuple(replace(one, cached=False) if one.cached else one for one in cluster.services)
        cluster = replace(cluster, services=services)
    return cluster


def _added(values: Mapping[str, str]) -> Iterator[Policy]:
    """Policies that nobody wrote, for what holds without any."""
    if values["unselected_pods"] == "denied":
        both = frozenset(Direction)
        yield Policy("StrictMode", "", "unselected-pods", Tier.NETWORK_POLICY, ALL_PODS, isolates=both)
    if values["to_own_node"] == "allowed":
        own_node = Rule("egress[0]", Action.ALLOW, (Where(IsA(Kind.OWN_NODE)),))
        yield Policy("NetworkPlugin", "", "to-own-node", OWN_NODE_FIRST, ALL_PODS, egress=(own_node,))


def _with_host_network(cluster: Cluster, name: str) -> Iterable[Policy]:
    """Peers that select the namespace by ``namespaceSelector`` alone take nodes too."""
    namespace = cluster.namespaces.get(name)
    if namespace is None:
        return cluster.policies
    labels, nodes = namespace.labels, Where(IsA(Kind.NODE))

    def widened(rule: Rule) -> Rule:
        for peer in rule.peers or ():
            if (
                isinstance(peer, PodQuery)
                and peer.namespaces is not None
                and peer.pods == EVERYTHING
                and peer.namespaces.matches(labels)
            ):
                return replace(rule, peers=(*(rule.peers or ()), nodes))
        return rule

    return (with_rules(policy, widened) if is_own(policy) else policy for policy in cluster.policies)


def _first_names(pod: Pod) -> Pod:
    """A name with a protocol stands for its first port: the others go without one."""
    seen: set[tuple[str, int]] = set()
    ports: list[ContainerPort] = []
    for port in pod.ports:
        key = (port.name, port.protocol)
        ports.append(replace(port, name="") if port.name and key in seen else port)
        seen.add(key)
    return pod if tuple(ports) == pod.ports else replace(pod, ports=tuple(ports))


def _with_device(node: Node, place: int | None) -> Node:
    """The node with one likely device at that place of each of its pod ranges; None: with none."""
    if not node.likely_addresses:
        return node
    told = {*node.addresses, *node.device_addresses}
    versions = {ipaddress.ip_address(text).version for text in node.likely_addresses}
    ranges = [ipaddress.ip_network(cidr) for cidr in node.pod_cidrs]
    found = (
        str(one[place])
        for one in ranges
        if place is not None and one.version in versions and one.num_addresses > place + 1
    )
    return replace(node, likely_addresses=tuple(address for address in found if address not in told))
