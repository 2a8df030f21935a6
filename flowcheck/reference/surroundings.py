"""What peers may ask of the cluster beside the ends themselves: sets of addresses, Services, accounts.

What changed over time is neither in nor out where its versions do not agree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable

from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Cluster, Pod
from flowcheck.model.labels import Labels
from flowcheck.model.peers import Called, Expression, Labelled, Of, ServicePods
from flowcheck.model.ranges import AddressSet
from flowcheck.model.service import EndpointSlice, Service
from flowcheck.model.timeline import ALWAYS
from flowcheck.model.verdict import Reason
from flowcheck.reference.answers import Answer, Open
from flowcheck.reference.ends import canonical


class Surroundings:
    """The cluster of one question after the other."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.accounts = cluster.accounts

    def sets(self) -> list[list[AddressSet]]:
        """The versions of each set."""
        found: dict[str, list[AddressSet]] = defaultdict(list)
        for one in self.cluster.sets:
            found[str(one)].append(one)
        return list(found.values())

    def space(self, namespace: str) -> tuple[Labels, bool]:
        """The labels of a namespace and whether those are all; a thing of the whole cluster has none."""
        known = self.cluster.namespaces.get(namespace)
        if not namespace:
            return {}, True
        return (known.labels, known.described) if known else ({NAMESPACE_NAME_LABEL: namespace}, False)

    def set_is(self, one: AddressSet, leaf: Expression) -> Answer:
        """Whether a leaf of an expression holds of a set of addresses."""
        match leaf:
            case Called(name, namespace):
                return (one.namespace, one.name) == (namespace, name)
            case Labelled(Of.OWN, clause):
                return clause.matches(one.labels)
            case Labelled(Of.NAMESPACE, clause):
                labels, described = self.space(one.namespace)
                known = described or clause.key in labels
                return clause.matches(labels) if known else Open(Reason.NO_NAMESPACE)
            case Labelled(Of.ACCOUNT, clause):
                return clause.matches({})
            case _:
                return False

    def account_labels(self, pod: Pod) -> Labels | None:
        return self.accounts.get((pod.namespace, pod.account))

    def slices(self, namespace: str, name: str) -> list[list[EndpointSlice]]:
        """The versions of each slice of a Service; one that never changed need not have a name."""
        found: dict[Hashable, list[EndpointSlice]] = defaultdict(list)
        for place, one in enumerate(self.cluster.slices):
            if (one.namespace, one.service) == (namespace, name):
                found[place if one.lifetime == ALWAYS else one.name].append(one)
        return list(found.values())

    def services(self, peer: ServicePods) -> list[list[Service]]:
        """The versions of each Service that a peer may mean, in any of them."""
        found: dict[str, list[Service]] = defaultdict(list)
        for one in self.cluster.services:
            if peer.namespace in (None, one.namespace) and peer.name in (None, one.name):
                found[str(one)].append(one)
        return [
            versions for versions in found.values() if any(peer.labels.matches(v.labels) for v in versions)
        ]


def listed_in(one: EndpointSlice) -> set[str]:
    """The addresses of a slice, ready or not."""
    return {canonical(backend.address) for backend in one.backends}


def served_at(one: EndpointSlice) -> Iterable[tuple[int, int]]:
    """The (protocol, port) of a slice. A slice whose port has no number has none that is known."""
    return [(port.protocol, port.port) for port in one.ports if port.port]
