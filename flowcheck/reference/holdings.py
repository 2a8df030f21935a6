"""What everybody in a cluster holds: addresses of pods, nodes and their devices, each with its time.

Host-network pods have no address of their own: theirs are their node's while they live. A pod is one owner
for as long as nothing changes that a policy or a name depends on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from flowcheck.model.cluster import Cluster, Node, Pod
from flowcheck.model.labels import Selector
from flowcheck.model.peers import AddressBlock, InSets, Of
from flowcheck.model.places import NOWHERE
from flowcheck.model.timeline import ALWAYS, Lifetime
from flowcheck.reference.ends import End, canonical
from flowcheck.reference.moments import Claim, outside


class Holdings:
    """The pods of a cluster that have not finished, its nodes, and what they hold."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.pods = [pod for pod in cluster.pods if not pod.finished]
        self._versions: dict[tuple[str, ...], list[Pod]] = defaultdict(list)
        for pod in self.pods:
            self._versions[End(None, pod=pod).who].append(pod)
        peers = (peer for policy in cluster.policies for peer in policy.peers())
        self._whole = any(isinstance(peer, AddressBlock | InSets) and peer.whole for peer in peers)
        self._alike = dict(self._versions_alike())

    def claims(self) -> Iterator[Claim[End]]:
        for node in self.cluster.nodes:
            for address in map(canonical, node.addresses):
                yield Claim(labelled(End(address), node), node.lifetime)
        for pod in self.pods:
            for address in map(canonical, pod.addresses):
                yield from self.of_pod(pod, address)
            for address in map(canonical, pod.secondary_addresses if not pod.host_network else ()):
                yield Claim(End(address, secondary=(pod.namespace, pod.name, pod.uid)), pod.lifetime)
            if pod.host_address and pod.node:
                yield from self.of_node(pod.node, canonical(pod.host_address), pod.lifetime)

    def devices(self) -> Iterator[Claim[End]]:
        """The tunnels and bridges of nodes, which their names do not stand for."""
        for node in self.cluster.nodes:
            for address in map(canonical, node.device_addresses):
                yield Claim(labelled(End(address), node), node.lifetime)
            for address in map(canonical, node.likely_addresses):
                yield Claim(labelled(End(address, likely=True), node), node.lifetime.unsure())

    def of_pod(self, pod: Pod, address: str | None) -> Iterator[Claim[End]]:
        """A pod as itself; a host-network pod as the node it names, else the one at its address."""
        if not pod.host_network:
            yield Claim(self.as_pod(pod, address), pod.lifetime)
        elif pod.node:
            yield from self.of_node(pod.node, address, pod.lifetime)
        else:
            there = [n for n in self.cluster.nodes if address in [*map(canonical, n.addresses)]]
            yield from self._of_versions(there, End(address, node=address), pod.lifetime)

    def of_node(self, name: str, address: str | None, lifetime: Lifetime) -> Iterator[Claim[End]]:
        """The node of this name, as it was meanwhile; it was there, known or not."""
        versions = [node for node in self.cluster.nodes if node.name == name]
        return self._of_versions(versions, End(address, node=name), lifetime)

    def _of_versions(self, nodes: Sequence[Node], unknown: End, lifetime: Lifetime) -> Iterator[Claim[End]]:
        for node in nodes:
            yield Claim(labelled(unknown, node), lifetime.within(node.lifetime))
        for free in outside(lifetime, [node.lifetime for node in nodes]):
            yield Claim(unknown, free)

    def as_pod(self, pod: Pod, address: str | None) -> End:
        """The pod without all that tells versions apart and neither a policy nor a name depends on."""
        like = self._alike.get(id(pod), pod)
        labels, described = self.cluster.namespace_labels(like)
        plain = replace(
            pod,
            labels=like.labels,
            lifetime=ALWAYS,
            source=NOWHERE,
            ready=True,
            host_address="",
            addresses=pod.addresses if self._whole else (),
            secondary_addresses=(),
            namespace_labels=labels,
        )
        return End(address, pod=plain, namespace_described=described)

    def _versions_alike(self) -> Iterator[tuple[int, Pod]]:
        """Of each version of a pod (by its id) the first that every selector there is treats as it does
        that."""
        for several in self._versions.values():
            first: dict[tuple[object, ...], Pod] = {}
            for pod in several:
                yield id(pod), first.setdefault(self._matched(pod), pod) if len(several) > 1 else pod

    def _matched(self, pod: Pod) -> tuple[object, ...]:
        """What every selector makes of a pod; of a namespace that no input describes, its labels as they
        are."""
        queries = [query for policy in self.cluster.policies for query in policy.pod_queries()]
        services = [Selector.from_labels(one.selector) for one in self.cluster.services if one.selector]
        labels, described = self.cluster.namespace_labels(pod)
        around = [query.namespaces.matches(labels) for query in queries if query.namespaces and described]
        of_pod = [one.matches(pod.labels) for one in (*(query.pods for query in queries), *services)]
        for of, clause in (one for policy in self.cluster.policies for one in policy.clauses()):
            if of is Of.OWN:
                of_pod.append(clause.matches(pod.labels))
            elif of is Of.NAMESPACE:
                around.append(clause.matches(labels))
        return described, tuple(around) if described else tuple(sorted(labels.items())), tuple(of_pod)

    def versions_of(self, end: End) -> list[Pod]:
        """The pod that an end is, in all its versions."""
        return self._versions.get(end.who, [])

    def not_at(self, end: End) -> Iterator[Lifetime]:
        """When the pod that an end is had not its address."""
        for pod in self.versions_of(end):
            if end.address not in {*map(canonical, pod.addresses)}:
                yield pod.lifetime

    def not_as(self, end: End) -> Iterator[Lifetime]:
        """When the pod that an end is had not its address, or was not what it is."""
        yield from self.not_at(end)
        for pod in self.versions_of(end):
            if self.as_pod(pod, end.address) != end:
                yield pod.lifetime


def labelled(end: End, node: Node) -> End:
    """The end as this node, whose labels nobody knows where no input describes it."""
    return replace(end, node=node.name, node_labels=node.labels if node.described else None)


def has_uid(end: End) -> bool:
    """Whether it is a pod that is known to be the same one in all its versions."""
    return end.pod is not None and bool(end.pod.uid)
