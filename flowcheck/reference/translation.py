"""Where a flow is sent: what kube-proxy makes of a Service's address, or of a node's address and node port,
and what comes of a host port.

Source: kubernetes.io, Virtual IPs and Service Proxies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from flowcheck.model.cluster import ContainerPort, Pod
from flowcheck.model.service import Service, ServicePort
from flowcheck.reference.addresses import AddressOwners, plain_service
from flowcheck.reference.backends import Backends
from flowcheck.reference.ends import Resolved, Target, canonical, family
from flowcheck.reference.flow import Tuple5
from flowcheck.reference.moments import Claim, candidates, surely

AT_NODE_PORTS = frozenset({"NodePort", "LoadBalancer"})


class Services:
    """The ports that lead on: of Services, of nodes, of hosts."""

    def __init__(self, addresses: AddressOwners) -> None:
        self.addresses = addresses
        self.holdings = addresses.holdings
        self.cluster = addresses.cluster
        self.backends = Backends(addresses)

    def reach(self, dst: Resolved, flow: Tuple5) -> Resolved:
        """A flow's destination after translation, with its backends; as it is where nothing is in between.

        An address that is both a Service's and a node's is first the Service's, at the Service's ports; then
        comes a node port, then a host port. A waypoint is only where Services' addresses lead.
        """
        address, protocol, port, at = flow.dst, flow.protocol, flow.port, flow.time
        if dst.by != "address" or not address:
            return dst
        dst = self._at_port(dst, canonical(address), protocol, port, at)
        if dst.service is not None:
            own = port_of(dst.service, protocol, port)
            return replace(self.backends.behind(dst, own, at), via=own)
        if flow.by_waypoint:
            return dst
        found = self._at_node_port(dst, protocol, port, at)
        if found is None:
            return self._at_host_port(dst, canonical(address), protocol, port, at) or dst
        if found.service is None:
            return found
        return self.backends.behind(found, node_port_of(found.service, protocol, port), at)

    def _at_port(self, dst: Resolved, address: str, protocol: int, port: int | None, at: int) -> Resolved:
        """The Service that has this port of an address, where it is one of several at the address."""
        node = dst.only.node if dst.only is not None else None
        if dst.service is None and not dst.shared and node is None:
            return dst
        services = self.addresses.services[address]
        claims = [claim for claim in services if port_of(claim.holder, protocol, port) is not None]
        found = candidates(claims, at, self.addresses.skew)
        if not found:
            return dst
        if len(found) > 1:
            return Resolved(address, lost="ambiguous", by="address", version=dst.version)
        sure = dst.sure and surely(claims, found, at, self.addresses.skew)
        return self.addresses.as_service(found[0], address, sure=sure, node=node)

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
        found = candidates(claims, at, self.addresses.skew)
        if len(found) > 1:
            return replace(end, ends=(), lost="ambiguous")
        sure = end.sure and surely(claims, found, at, self.addresses.skew)
        return replace(end, ends=(), service=found[0], sure=sure, node=node.node) if found else None

    def _at_host_port(
        self, end: Resolved, address: str, protocol: int, port: int | None, at: int
    ) -> Resolved | None:
        """The pod behind this port of its node's address; None where it is nobody's."""
        node = end.only
        if node is None or node.node is None:
            return None
        claims = [
            Claim((self.holdings.as_pod(pod, own), declared.number), pod.lifetime)
            for pod, declared in self._host_ports(node.node, address, protocol, port)
            for own in map(canonical, pod.addresses)
            if family(own) == family(address)
        ]
        found = candidates(claims, at, self.addresses.skew)
        if len(found) > 1:
            return replace(end, ends=(), lost="ambiguous")
        if not found:
            return None
        (behind, number), sure = found[0], surely(claims, found, at, self.addresses.skew)
        target = Target(Resolved(behind.name, (behind,)), number)
        return replace(end, ends=(), backends=(target,), sure=end.sure and sure)

    def _host_ports(
        self, node: str, address: str, protocol: int, port: int | None
    ) -> Iterator[tuple[Pod, ContainerPort]]:
        """Pods on a node, with the container's port behind this one of the node's address."""
        for pod in self.holdings.pods:
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
        claims = self.addresses.services.get(address, ())
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
