"""The nodes on the axis: those of the cluster in every version, and what only pods tell of them.

A pod tells its node's address, and one on the host network is its node. While a Node object is there it is
that node, with its labels; before and after, a node of which only the name is known. A node's devices have
addresses too, which its name does not stand for; those it only likely has are never surely its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from itertools import pairwise

from flowcheck import arrays as a
from flowcheck.compile.endpoints.addresses import Prefix, prefix
from flowcheck.compile.endpoints.axis import Axis, Claims, Endpoint, identity
from flowcheck.compile.endpoints.ownership import segments, with_spans
from flowcheck.model.cluster import Cluster, Node, Pod
from flowcheck.model.timeline import ALWAYS, Lifetime

UNKNOWN = None
"""The version of a node that no Node object describes."""
Piece = tuple[Hashable, Node | None, Lifetime]
"""A version of a node, its Node object, and when it was so."""


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
            host(pod.node).told_by_pods.append((prefix(pod.host_address), pod.lifetime))
        if pod.host_network and (pod.node or pod.addresses):
            own = host(pod.node or at.get(prefix(pod.addresses[0]), pod.addresses[0]))
            own.told_by_pods += ((prefix(text), pod.lifetime) for text in pod.addresses)
            on_host.append((pod, own))
    for one in hosts.values():
        one.claim(claims)
    for pod, own in on_host:
        own.name(pod)


class _Host:
    """One node. ``told``: its addresses as pods tell them. Versions are told apart by their labels."""

    def __init__(self, axis: Axis, name: str, numbers: dict[str, int], nodes: list[Node]) -> None:
        self.told_by_pods: list[tuple[Prefix, Lifetime]] = []
        self._axis, self._name, self._nodes = axis, name, nodes
        self._number = numbers.setdefault(name, len(numbers))
        self._ends: dict[tuple[Hashable, Prefix | None, bool], int] = {}
        self._held: dict[Hashable, list[tuple[int, Lifetime]]] = defaultdict(list)

    def claim(self, claims: Claims) -> None:
        """Claim every address, and give an endpoint to every version without one."""
        for node in self._nodes:
            for address in dict.fromkeys(prefix(text) for text in node.addresses):
                self._hold(claims, address, (_labels(node), node, node.lifetime))
        always = {prefix(text) for node in self._nodes if node.lifetime == ALWAYS for text in node.addresses}
        for address, lifetime in self.told_by_pods:
            if len(self._nodes) == 1 and address in always:
                continue  # known better, and every pod on the node says so
            for piece in self._pieces(lifetime):
                self._hold(claims, address, piece)
        for node in self._nodes:
            if not self._of(_labels(node)):
                self._end(_labels(node), None, node)
        for node in self._nodes:
            for likely, texts in ((False, node.device_addresses), (True, node.likely_addresses)):
                for address in dict.fromkeys(map(prefix, texts)):
                    end = self._end(_labels(node), address, node, device=True, likely=likely)
                    claims[address].append((end, node.lifetime.unsure() if likely else node.lifetime))

    def name(self, pod: Pod) -> None:
        """Let the names of a pod on this node's network stand for the node: at the pod's addresses, else at
        those that the node is known by at the time."""
        own = dict.fromkeys(prefix(text) for text in pod.addresses)
        number = self._axis.pod_numbers.setdefault(identity(pod), len(self._axis.pod_numbers))
        for version, node, during in self._pieces(pod.lifetime):
            at_own = tuple(self._ends[version, address, False] for address in own)
            for placed, part in [(at_own, during)] if own else self._known(version, during):
                ends = placed or (self._end(version, None, node),)
                self._axis.name_pod(pod, number, -2 - min(self._of(version)), ends, part)

    def _hold(self, claims: Claims, address: Prefix, piece: Piece) -> None:
        version, node, during = piece
        end = self._end(version, address, node)
        claims[address].append((end, during))
        self._held[version].append((end, during))

    def _known(self, version: Hashable, lifetime: Lifetime) -> Iterator[tuple[tuple[int, ...], Lifetime]]:
        """A lifetime cut by what is known of a version: (its endpoints with an address, that part)."""
        inside = ((end, during.within(lifetime)) for end, during in self._held[version])
        known = [(end, Lifetime.exact(one.start, one.end)) for end, one in inside if one.start < one.end]
        for segment, span in with_spans(segments(known, skew=0)):
            part = lifetime.within(Lifetime.exact(*span))
            if part.start < part.end:
                yield segment.owners, part

    def _pieces(self, lifetime: Lifetime) -> Iterator[Piece]:
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

    def _end(
        self,
        version: Hashable,
        address: Prefix | None,
        node: Node | None,
        *,
        device: bool = False,
        likely: bool = False,
    ) -> int:
        key = (version, address, likely)
        if key not in self._ends:
            name = f"Node/{self._name}"
            self._ends[key] = self._axis.add(
                Endpoint(a.KIND_NODE, name, name, "", address, node=self._number, likely=likely)
            )
            if not device:
                self._axis.node_endpoints[self._name].append(self._ends[key])
            if self._axis.sees_own:
                own = Endpoint(a.KIND_OWN_NODE, name, name, "", address, node=self._number, likely=likely)
                self._axis.as_own[self._ends[key]] = self._axis.add(own)
            if node is not None and node.described:
                ends = (self._ends[key], self._axis.as_own.get(self._ends[key], -1))
                self._axis.nodes += ((end, node) for end in ends if end >= 0)
        return self._ends[key]

    def _of(self, version: Hashable) -> list[int]:
        return [endpoint for (which, _, _), endpoint in self._ends.items() if which == version]


def _labels(node: Node) -> Hashable:
    return frozenset(node.labels.items()) if node.described else UNKNOWN
