"""Where a flow is sent: what kube-proxy makes of a Service's address, or of a node's address and node port,
and what comes of a host port.

Its ready backends at that time, else those that still serve while they terminate. They are what its
EndpointSlices list; where it never had any, the pods its selector matches. Only addresses of the family
of the flow's. Source: kubernetes.io, Virtual IPs and Service Proxies; pkg/proxy/topology.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from flowcheck.model.cluster import (
    Backend,
    Cluster,
    ContainerPort,
    EndpointSlice,
    Pod,
    Service,
    ServicePort,
)
from flowcheck.model.labels import Selector
from flowcheck.reference.ends import End, Resolved, Target, canonical, family
from flowcheck.reference.moments import Claim, candidates, surely
from flowcheck.reference.owners import Owners, plain_service

AT_NODE_PORTS = frozenset({"NodePort", "LoadBalancer"})


class Services:
    """The Services of a cluster with what is behind them, over time."""

    def __init__(self, cluster: Cluster, owners: Owners) -> None:
        self.cluster = cluster
        self.owners = owners

    def reach(self, dst: Resolved, address: str | None, protocol: int, port: int | None, at: int) -> Resolved:
        """A destination after translation, with its backends; as it is where nothing is in between.

        An address that is both a Service's and a node's is first the Service's, at the Service's ports; then
        comes a node port, then a host port.
        """
        if dst.by != "address" or not address:
            return dst
        dst = self._at_port(dst, canonical(address), protocol, port, at)
        if dst.service is not None:
            return self._behind(dst, port_of(dst.service, protocol, port), at)
        found = self._at_node_port(dst, protocol, port, at)
        if found is None:
            return self._at_host_port(dst, canonical(address), protocol, port, at) or dst
        if found.service is None:
            return found
        return self._behind(found, node_port_of(found.service, protocol, port), at)

    def _at_port(self, dst: Resolved, address: str, protocol: int, port: int | None, at: int) -> Resolved:
        """The Service that has this port of an address, where it is one of several at the address."""
        node = dst.only.node if dst.only is not None else None
        if dst.service is None and not dst.shared and node is None:
            return dst
        claims = [c for c in self.owners.services[address] if port_of(c.holder, protocol, port) is not None]
        found = candidates(claims, at, self.owners.skew)
        if not found:
            return dst
        if len(found) > 1:
            return Resolved(address, lost="ambiguous", by="address", version=dst.version)
        sure = dst.sure and surely(claims, found, at, self.owners.skew)
        return self.owners.as_service(found[0], address, sure=sure, node=node)

    def _at_node_port(self, end: Resolved, protocol: int, port: int | None, at: int) -> Resolved | None:
        """The Service whose node port an end is, found by a node's address; None where it is nobody's."""
        node = end.only
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
        return replace(end, ends=(), service=found[0], sure=sure, node=node.node) if found else None

    def _at_host_port(
        self, end: Resolved, address: str, protocol: int, port: int | None, at: int
    ) -> Resolved | None:
        """The pod behind this port of its node's address; None where it is nobody's."""
        node = end.only
        if node is None or node.node is None:
            return None
        claims = [
            Claim((self.owners.as_pod(pod, own), declared.number), pod.lifetime)
            for pod, declared in self._host_ports(node.node, address, protocol, port)
            for own in map(canonical, pod.addresses)
            if family(own) == family(address)
        ]
        found = candidates(claims, at, self.owners.skew)
        if len(found) > 1:
            return replace(end, ends=(), lost="ambiguous")
        if not found:
            return None
        (behind, number), sure = found[0], surely(claims, found, at, self.owners.skew)
        target = Target(Resolved(behind.name, (behind,)), number)
        return replace(end, ends=(), backends=(target,), sure=end.sure and sure)

    def _host_ports(
        self, node: str, address: str, protocol: int, port: int | None
    ) -> Iterator[tuple[Pod, ContainerPort]]:
        """Pods on a node, with the container's port behind this one of the node's address."""
        for pod in self.owners.pods:
            if pod.node != node or pod.host_network or not port:
                continue
            for declared in pod.ports:
                if (declared.host_port, declared.protocol) == (port, protocol) and is_at(declared, address):
                    yield pod, declared

    def has_host_port(self, node: str, address: str, protocol: int, port: int) -> bool:
        """Whether the port of this node ever led to a pod that had an address of the family."""
        found = self._host_ports(node, address, protocol, port)
        return any(family(canonical(own)) == family(address) for pod, _ in found for own in pod.addresses)

    def has_port(self, address: str, protocol: int, port: int) -> bool:
        """Whether a Service ever had this port at an address."""
        claims = self.owners.services.get(address, ())
        return any(port_of(claim.holder, protocol, port) is not None for claim in claims)

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
        return [one for one in self.cluster.slices if self.owners.about(one.lifetime, at)]

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
                    yield Target(found, number, node=pod.node)

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


def asked(dst: Resolved, src: End) -> list[Target]:
    """The backends that may get a connection of this client's: ready ones, else those serving to the end.

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
    if policy != "Local":
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


def is_at(port: ContainerPort, address: str) -> bool:
    """Whether a host port is at this address of its node: at all, at all of a family, or at that one."""
    if port.host_ip in ("0.0.0.0", "::"):
        return family(port.host_ip) == family(address)
    return not port.host_ip or canonical(port.host_ip) == address


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
