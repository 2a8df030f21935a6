"""Where a Service sends a flow: what kube-proxy makes of its address, or of a node's address and node port.

Its ready backends at that time, else those that still serve while they terminate. They are what its
EndpointSlices list; where it never had any, the pods its selector matches. Only addresses of the family
of the flow's. Source: kubernetes.io, Virtual IPs and Service Proxies; pkg/proxy/topology.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from flowcheck.model.cluster import Backend, Cluster, EndpointSlice, Pod, Service, ServicePort
from flowcheck.model.labels import Selector
from flowcheck.reference.ends import Resolved, Target, canonical, family
from flowcheck.reference.moments import Claim, candidates, surely
from flowcheck.reference.owners import Owners, plain_service

AT_NODE_PORTS = frozenset({"NodePort", "LoadBalancer"})


class Services:
    """The Services of a cluster with what is behind them, over time."""

    def __init__(self, cluster: Cluster, owners: Owners) -> None:
        self.cluster = cluster
        self.owners = owners

    def reach(self, dst: Resolved, protocol: int, port: int | None, at: int) -> Resolved:
        """A destination after translation, with its backends; as it is where no Service is in between."""
        if dst.service is not None:
            return self._behind(dst, port_of(dst.service, protocol, port), at)
        node_port = self.at_node_port(dst, protocol, port, at)
        if node_port is None or node_port.service is None:
            return node_port or dst
        return self._behind(node_port, node_port_of(node_port.service, protocol, port), at)

    def at_node_port(self, end: Resolved, protocol: int, port: int | None, at: int) -> Resolved | None:
        """The Service whose node port an end is, found by a node's address; None where it is nobody's."""
        node = end.only if end.by == "address" else None
        if node is None or node.node is None:
            return None
        claims = [
            Claim(plain_service(service), service.lifetime)
            for service in self.cluster.services
            if node_port_of(service, protocol, port) is not None
        ]
        found = candidates(claims, at, self.owners.skew)
        if len(found) > 1:
            return replace(end, ends=(), lost="ambiguous")
        sure = end.sure and surely(claims, found, at, self.owners.skew)
        return replace(end, ends=(), service=found[0], sure=sure) if found else None

    def lists(self, addresses: Iterable[str], protocol: int, port: int) -> bool:
        """Whether an EndpointSlice ever had one of the addresses, ready or not, on a port of this number."""
        return any(
            canonical(backend.address) in addresses
            for one in self.cluster.slices
            if any((listening.port, listening.protocol) == (port, protocol) for listening in one.ports)
            for backend in one.backends
        )

    def has_node_port(self, protocol: int, port: int) -> bool:
        """Whether the port of every node ever led to a Service."""
        return any(node_port_of(service, protocol, port) is not None for service in self.cluster.services)

    # -- backends ----------------------------------------------------------------------------------

    def _behind(self, reached: Resolved, port: ServicePort | None, at: int) -> Resolved:
        """The usable backends of a Service port, in the order they are listed; unresolved without any."""
        service = reached.service
        if service is None or port is None:
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
        return [one for one in self.cluster.slices if self.owners.about(one.lifetime, at)]

    def _listed(
        self, slices: Iterable[EndpointSlice], port: ServicePort, version: int, at: int
    ) -> Iterator[Target]:
        """What slices list for a Service port, by its name: ready ones, else those serving to the end."""
        listed = [
            (one, listening, backend)
            for one in slices
            for listening in one.ports
            if (listening.name, listening.protocol) == (port.name, port.protocol)
            for backend in one.backends
            if family(canonical(backend.address)) == version
        ]
        ready = [item for item in listed if item[2].ready]
        leaving = [item for item in listed if item[2].serving and item[2].terminating]
        for one, listening, backend in ready or leaving:
            found = self._at_backend(one.namespace, backend, at)
            pods = [end.pod for end in found.ends if end.pod is not None]
            number = listening.port or number_of(port, pods[0] if pods else None)
            yield Target(found if number else replace(found, ends=(), lost="unresolved"), number)

    def _at_backend(self, namespace: str, backend: Backend, at: int) -> Resolved:
        """The pod it names, if that is at the address; else whoever is."""
        address = canonical(backend.address)
        named = self.owners.pod_at(namespace, backend.pod, address, at) if backend.pod else None
        found = named or self.owners.resolve_address(address, at)
        return found if found.service is None else replace(found, lost="unresolved")

    def _selected(self, service: Service, port: ServicePort, version: int, at: int) -> Iterator[Target]:
        """The ready pods that the Service's selector matches; one without its target port is no backend."""
        if not service.selector:
            return
        wanted = Selector.from_labels(service.selector)
        for pod in self.owners.pods:
            if pod.namespace != service.namespace or not wanted.matches(pod.labels):
                continue
            number = number_of(port, pod)
            if number and (pod.ready or service.publish_not_ready) and self.owners.about(pod.lifetime, at):
                for found in self._at_own(pod, version, at):
                    yield Target(found, number)

    def _at_own(self, pod: Pod, version: int, at: int) -> Iterator[Resolved]:
        """The pod at its addresses of a family, or at none if it has none at all; its node on its network."""
        for address in map(canonical, pod.addresses):
            if family(address) != version:
                continue
            if pod.host_network:
                yield self.owners.resolve_address(address, at)
            else:
                found = self.owners.as_pod(pod, address)
                yield Resolved(found.name, (found,))
        if not pod.addresses and not pod.host_network:
            found = self.owners.as_pod(pod, None)
            yield Resolved(found.name, (found,))


def port_of(service: Service, protocol: int, port: int | None) -> ServicePort | None:
    """The port of this number and protocol that a Service has at its addresses."""
    return next((p for p in service.ports if (p.port, p.protocol) == (port, protocol)), None)


def node_port_of(service: Service, protocol: int, port: int | None) -> ServicePort | None:
    """The port that a Service has at this port of every node; 0 is not one."""
    if service.type not in AT_NODE_PORTS or not port:
        return None
    return next((p for p in service.ports if (p.node_port, p.protocol) == (port, protocol)), None)


def number_of(port: ServicePort, pod: Pod | None) -> int | None:
    """The port a Service port stands for on a pod: its number, or the pod's first port of its name."""
    if isinstance(port.target_port, int):
        return port.target_port
    declared = pod.ports if pod is not None else ()
    named = (p.number for p in declared if (p.name, p.protocol) == (port.target_port, port.protocol))
    return next(named, None)
