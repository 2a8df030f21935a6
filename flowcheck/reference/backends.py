"""Who is behind a Service port, and who of them is asked.

Its ready backends at that time, else those that still serve while they terminate. They are what its
EndpointSlices list; where it never had any, the pods its selector matches. Only addresses of the family
of the flow's. Source: kubernetes.io, Virtual IPs and Service Proxies; pkg/proxy/topology.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from flowcheck.model.cluster import Pod
from flowcheck.model.labels import Selector
from flowcheck.model.service import Backend, EndpointSlice, Service, ServicePort
from flowcheck.reference.addresses import AddressOwners
from flowcheck.reference.ends import End, Resolved, Target, canonical, family


class Backends:
    """What is behind the Services of a cluster, over time."""

    def __init__(self, addresses: AddressOwners) -> None:
        self.addresses = addresses
        self.holdings = addresses.holdings
        self.cluster = addresses.cluster

    def behind(self, reached: Resolved, port: ServicePort | None, at: int) -> Resolved:
        """All backends of a Service port, in the order they are listed; unresolved without any."""
        service = reached.service
        if service is None or port is None or service.type == "ExternalName":
            return replace(reached, lost="unresolved")
        own = (service.namespace, service.name)
        if any((one.namespace, one.service) == own for one in self.cluster.slices):
            slices = [one for one in self._slices_at(at) if (one.namespace, one.service) == own]
            backends = tuple(self._listed(slices, port, reached.version, at))
        else:
            backends = tuple(self._selected(service, port, reached.version, at))
        return replace(reached, backends=backends, lost="" if backends else "unresolved")

    def _slices_at(self, at: int) -> list[EndpointSlice]:
        """Every version of every slice that may have been in force about a time."""
        return [one for one in self.cluster.slices if self.addresses.about(one.lifetime, at)]

    def _listed(
        self, slices: Iterable[EndpointSlice], port: ServicePort, version: int, at: int
    ) -> Iterator[Target]:
        """What slices list for a Service port, by its name: ready ones, and those serving to the end."""
        listed = [
            (one, listening, backend)
            for one in slices
            for listening in one.ports
            if (listening.name, listening.protocol) == (port.name, port.protocol)
            for backend in one.backends
            if family(canonical(backend.address)) == version
        ]
        for one, listening, backend in listed:
            if not backend.ready and not (backend.serving and backend.terminating):
                continue
            found = self._at_backend(one.namespace, backend, at)
            pods = [end.pod for end in found.ends if end.pod is not None]
            number = listening.port or number_of(port, pods[0] if pods else None)
            lost = found if number else replace(found, ends=(), lost="unresolved")
            yield Target(lost, number, backend.ready, backend.node)

    def _at_backend(self, namespace: str, backend: Backend, at: int) -> Resolved:
        """The pod it names, if that is at the address; else whoever is."""
        address = canonical(backend.address)
        named = self.addresses.pod_at(namespace, backend.pod, address, at) if backend.pod else None
        found = named or self.addresses.resolve(address, at)
        return found if found.service is None else replace(found, lost="unresolved")

    def _selected(self, service: Service, port: ServicePort, version: int, at: int) -> Iterator[Target]:
        """The ready pods that the Service's selector matches; one without its target port is no backend."""
        if not service.selector:
            return
        wanted = Selector.from_labels(service.selector)
        for pod in self.holdings.pods:
            if pod.namespace != service.namespace or not wanted.matches(pod.labels):
                continue
            number = number_of(port, pod)
            if number and (pod.ready or service.publish_not_ready) and self.addresses.about(pod.lifetime, at):
                for found in self._at_own(pod, version, at):
                    yield Target(found, number, node=pod.node)

    def _at_own(self, pod: Pod, version: int, at: int) -> Iterator[Resolved]:
        """The pod at its addresses of a family, or at none if it has none at all; its node on its network."""
        for address in map(canonical, pod.addresses):
            if family(address) != version:
                continue
            if pod.host_network:
                yield self.addresses.resolve(address, at)
            else:
                found = self.holdings.as_pod(pod, address)
                yield Resolved(found.name, (found,))
        if not pod.addresses and not pod.host_network:
            found = self.holdings.as_pod(pod, None)
            yield Resolved(found.name, (found,))


def asked(dst: Resolved, src: End, *, by_waypoint: bool = False) -> list[Target]:
    """The backends that may get a connection of this client's: ready ones, else those serving to the end; a
    waypoint chooses among all of them.

    With ``Local`` of one node only: at a cluster IP the client's, at other addresses, for clients outside,
    the one that was reached; where it is not known which, each node's own.
    """
    service = dst.service
    outside = src.pod is None and src.node is None
    policy = "Cluster"
    if service is not None and dst.inner:
        policy = service.internal_traffic_policy
    elif service is not None and outside:
        policy = service.external_traffic_policy
    if policy != "Local" or by_waypoint:
        return _best(dst.backends)
    node = dst.node if not dst.inner else None if outside or not src.in_particular else _node_of(src)
    if node:
        return _best([target for target in dst.backends if target.node == node])
    each = {
        name: _best([t for t in dst.backends if t.node == name]) for name in {t.node for t in dst.backends}
    }
    return [target for target in dst.backends if target.node and target in each[target.node]]


def _node_of(end: End) -> str | None:
    return end.pod.node if end.pod is not None else end.node


def _best(targets: Sequence[Target]) -> list[Target]:
    return [target for target in targets if target.ready] or list(targets)


def number_of(port: ServicePort, pod: Pod | None) -> int | None:
    """The port a Service port stands for on a pod: its number, or the pod's first port of its name."""
    if isinstance(port.target_port, int):
        return port.target_port
    declared = pod.ports if pod is not None else ()
    named = (p.number for p in declared if (p.name, p.protocol) == (port.target_port, port.protocol))
    return next(named, None)
