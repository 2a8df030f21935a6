"""The nodes on the axis: those of the cluster in every version, and what only pods tell of them.

A pod tells its node's address, and one on the host network is its node. While a Node object is there it is
that node, with its labels; before and after, a node of which only the name is known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from itertools import pairwise

from flowcheck import arrays as a
from flowcheck.compile.addresses import Prefix, prefix
from flowcheck.compile.axis import Axis, Claims, Endpoint, Version
from flowcheck.model.cluster import Cluster, Node, Pod
from flowcheck.model.timeline import Lifetime

UNKNOWN = None
"""The version of a node that no Node object tells of."""


def add_hosts(axis: Axis, cluster: Cluster, claims: Claims, numbers: dict[str, int]) -> None:
    """Put every node on the axis. ``numbers`` are the nodes' so far, by name."""
    known: dict[str, list[Node]] = defaultdict(list)
    for node in cluster.nodes:
        known[node.name].append(node)
    hosts = {name: _Host(axis, name, numbers, versions) for name, versions in known.items()}
    at = {prefix(text): node.name for node in reversed(cluster.nodes) for text in node.addresses}
    on_host: list[tuple[Pod, _Host]] = []

    def host(name: str) -> _Host:
        if name not in hosts:
            hosts[name] = _Host(axis, name, numbers, [])
        return hosts[name]

    for pod in cluster.pods:
        if pod.finished:
            continue
        if pod.node and pod.host_address:
            host(pod.node).told.append((prefix(pod.host_address), pod.lifetime))
        if pod.host_network and (pod.node or pod.addresses):
            own = host(pod.node or at.get(prefix(pod.addresses[0]), pod.addresses[0]))
            own.told += ((prefix(text), pod.lifetime) for text in pod.addresses)
            on_host.append((pod, own))
    for one in hosts.values():
        one.claim(claims)
    for pod, own in on_host:
        own.name(pod)


class _Host:
    """One node. ``told``: its addresses as pods tell them. Versions are told apart by their labels."""

    def __init__(self, axis: Axis, name: str, numbers: dict[str, int], nodes: list[Node]) -> None:
        self.told: list[tuple[Prefix, Lifetime]] = []
        self._axis, self._name, self._nodes = axis, name, nodes
        self._number = numbers.setdefault(name, len(numbers))
        self._ends: dict[tuple[Hashable, Prefix | None], int] = {}

    def claim(self, claims: Claims) -> None:
        """Claim every address, and give an endpoint to every version without one."""
        for node in self._nodes:
            for address in dict.fromkeys(prefix(text) for text in node.addresses):
                claims[address].append((self._end(_labels(node), address, node), node.lifetime))
        for address, lifetime in self.told:
            for version, of_version, during in self._pieces(lifetime):
                claims[address].append((self._end(version, address, of_version), during))
        for node in self._nodes:
            if not self._of(_labels(node)):
                self._end(_labels(node), None, node)

    def name(self, pod: Pod) -> None:
        """Let the names of a pod on this node's network stand for the node, at the pod's addresses if any."""
        own = {prefix(text) for text in pod.addresses}
        for version, of_version, during in self._pieces(pod.lifetime):
            there = self._of(version) or [self._end(version, None, of_version)]
            seen = [e for e in there if self._axis.endpoints[e].prefix in own] or there
            who = -2 - min(self._of(version))
            self._axis.name_pod(pod, Version(who, -2 - self._number, tuple(seen)), during)

    def _pieces(self, lifetime: Lifetime) -> Iterator[tuple[Hashable, Node | None, Lifetime]]:
        """A lifetime cut by the node's versions: (version, the node, that part), then what is left."""
        for node in self._nodes:
            during = lifetime.within(node.lifetime)
            if during.start < during.end:
                yield _labels(node), node, during
        spans = [node.lifetime for node in self._nodes]
        cuts = {lifetime.start, lifetime.end, *(edge for one in spans for edge in (one.start, one.end))}
        for start, end in pairwise(sorted(cuts)):
            during = lifetime.within(Lifetime.exact(start, end))
            if during.start < during.end and not any(one.possible(start) for one in spans):
                yield UNKNOWN, None, during

    def _end(self, version: Hashable, address: Prefix | None, node: Node | None) -> int:
        key = (version, address)
        if key not in self._ends:
            name = f"Node/{self._name}"
            self._ends[key] = self._axis.add(
                Endpoint(a.KIND_NODE, name, name, "", address, node=self._number)
            )
            self._axis.node_endpoints[self._name].append(self._ends[key])
            if node is not None:
                self._axis.nodes.append((self._ends[key], node))
        return self._ends[key]

    def _of(self, version: Hashable) -> list[int]:
        return [endpoint for (which, _), endpoint in self._ends.items() if which == version]


def _labels(node: Node) -> Hashable:
    return frozenset(node.labels.items())
