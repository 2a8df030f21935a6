"""The endpoint axis: one index for every pod address, node, service and address block.

A pod with two addresses has two endpoints, because a CIDR matches an address, not a pod; a pod or
workload without an address has one. Order: two endpoints that stand for "several owners" and "a name
nobody has", then pods, nodes, services, address blocks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from flowcheck import arrays as a
from flowcheck.compile.addresses import ROOTS, Prefix, prefix
from flowcheck.model.cluster import Cluster, Pod
from flowcheck.model.policy import AddressBlock


@dataclass(slots=True)
class Endpoint:
    """One index of the axis. ``name`` is empty where an address names itself; ``group`` is what edges show.

    ``pod`` numbers the pod (both addresses of one pod share it), ``node`` the node it runs on, or that it is.
    """

    kind: int
    group: str
    name: str = ""
    namespace: str = ""
    prefix: Prefix | None = None
    pod: int = -1
    node: int = -1


@dataclass(slots=True)
class Axis:
    """The endpoints and the ways to find one.

    ``pods`` lists (endpoint, pod). ``owners`` maps each prefix to its endpoint. ``by_pod`` and
    ``by_workload`` map (namespace, name) to every endpoint the name may mean.
    """

    endpoints: list[Endpoint] = field(default_factory=list)
    pods: list[tuple[int, Pod]] = field(default_factory=list)
    node_endpoints: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    owners: dict[Prefix, int] = field(default_factory=dict)
    by_pod: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    by_workload: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    workload_names: dict[tuple[str, str], str] = field(default_factory=dict)
    ambiguous: int = -1
    unresolved: int = -1

    def add(self, endpoint: Endpoint) -> int:
        self.endpoints.append(endpoint)
        return len(self.endpoints) - 1

    def name_workload(self, pod: Pod, endpoints: Iterable[int]) -> None:
        """Let a workload's name stand for the endpoints; of two kinds of one name the first counts."""
        key = (pod.namespace, pod.workload.name)
        self.by_workload[key] += endpoints
        self.workload_names[key] = min(self.workload_names.get(key, str(pod.workload)), str(pod.workload))


def build_axis(cluster: Cluster, blocks: Iterable[AddressBlock]) -> Axis:
    """Lay out the axis for a cluster and every CIDR and exception its policies name."""
    axis = Axis()
    axis.ambiguous = axis.add(Endpoint(a.KIND_AMBIGUOUS, group="(several owners)"))
    axis.unresolved = axis.add(Endpoint(a.KIND_UNRESOLVED, group="(unknown name)"))
    claims: dict[Prefix, dict[str, int]] = defaultdict(dict)
    node_numbers: dict[str, int] = {}
    _add_pods(axis, cluster, claims, node_numbers)
    _add_nodes(axis, cluster, claims, node_numbers)
    _add_services(axis, cluster, claims)
    for address, owners in claims.items():
        axis.owners[address] = next(iter(owners.values())) if len(owners) == 1 else axis.ambiguous
    _add_blocks(axis, cluster, blocks)
    return axis


def _add_pods(
    axis: Axis, cluster: Cluster, claims: dict[Prefix, dict[str, int]], node_numbers: dict[str, int]
) -> None:
    live = [pod for pod in cluster.pods if not pod.finished]
    named = {(pod.namespace, pod.name) for pod in live if not pod.template}
    unaddressed: list[Prefix | None] = [None]
    for number, pod in enumerate(pod for pod in live if not pod.host_network):
        name = str(pod.workload) if pod.template else f"{pod.namespace}/Pod/{pod.name}"
        node = node_numbers.setdefault(pod.node, len(node_numbers)) if pod.node else -1
        for address in [prefix(text) for text in pod.addresses] or unaddressed:
            index = axis.add(
                Endpoint(a.KIND_POD, str(pod.workload), name, pod.namespace, address, pod=number, node=node)
            )
            axis.pods.append((index, pod))
            if not pod.template or (pod.namespace, pod.name) not in named:
                axis.by_pod[pod.namespace, pod.name].append(index)
            axis.name_workload(pod, [index])
            if address is not None:
                claims[address][f"pod {number}"] = index


def _add_nodes(
    axis: Axis, cluster: Cluster, claims: dict[Prefix, dict[str, int]], node_numbers: dict[str, int]
) -> None:
    known = {node.name: node for node in cluster.nodes}
    addresses: dict[str, list[str]] = {name: list(node.addresses) for name, node in known.items()}
    at = {prefix(text): node.name for node in reversed(cluster.nodes) for text in node.addresses}
    on_host: list[tuple[Pod, str]] = []
    for pod in cluster.pods:
        if pod.finished:
            continue
        if pod.node and pod.host_address:
            addresses.setdefault(pod.node, []).append(pod.host_address)
        if pod.host_network and (pod.node or pod.addresses):
            name = pod.node or at.get(prefix(pod.addresses[0]), pod.addresses[0])
            addresses.setdefault(name, []).extend(pod.addresses)
            on_host.append((pod, name))
    for name, texts in addresses.items():
        number = node_numbers.setdefault(name, len(node_numbers))
        for address in dict.fromkeys(prefix(text) for text in texts) or (None,):
            index = axis.add(Endpoint(a.KIND_NODE, f"Node/{name}", f"Node/{name}", "", address, node=number))
            axis.node_endpoints[name].append(index)
            if address is not None:
                claims[address][f"node {name}"] = index
    for pod, name in on_host:
        own = {prefix(text) for text in pod.addresses}
        node = axis.node_endpoints[name]
        seen = [e for e in node if axis.endpoints[e].prefix in own] or node
        axis.by_pod[pod.namespace, pod.name] += seen
        axis.name_workload(pod, seen)


def _add_services(axis: Axis, cluster: Cluster, claims: dict[Prefix, dict[str, int]]) -> None:
    for service in cluster.services:
        name = f"{service.namespace}/Service/{service.name}"
        virtual = dict.fromkeys(prefix(text) for text in (*service.cluster_ips, *service.external_ips))
        for address in virtual:
            if address not in claims and address not in axis.owners:
                axis.owners[address] = axis.add(
                    Endpoint(a.KIND_UNRESOLVED, name, name, service.namespace, address)
                )


def _add_blocks(axis: Axis, cluster: Cluster, blocks: Iterable[AddressBlock]) -> None:
    ranges = [prefix(cidr) for node in cluster.nodes for cidr in node.pod_cidrs]
    named = {prefix(cidr) for block in blocks for cidr in (block.cidr, *block.excepts)}
    for network in sorted({*ROOTS, *ranges, *named} - set(axis.owners), key=str):
        inside = any(network.version == r.version and network.subnet_of(r) for r in ranges)  # type: ignore[arg-type]
        kind = a.KIND_UNRESOLVED if inside else a.KIND_BLOCK
        group = f"{network} (nobody's)" if inside else str(network)
        axis.owners[network] = axis.add(Endpoint(kind, group, prefix=network))
