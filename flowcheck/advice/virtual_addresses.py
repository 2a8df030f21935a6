"""Rules that name a Service's virtual address. Policies never see one: they see what it is translated to.

Source: kube-proxy and NetworkPolicy, kubernetes.io/docs/concepts/services-networking/network-policies
(ipBlock: cluster ingress and egress often rewrite addresses; behaviour for rewritten ones is undefined).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flowcheck.counted import listed
from flowcheck.manifests.validation import Network, address_number
from flowcheck.model.cluster import Cluster
from flowcheck.model.policy import AddressBlock, Direction, Policy, Rule
from flowcheck.model.service import Service

MOST_BACKENDS = 3
_Place = tuple[int, int]
"""IP version and the address as a number."""


@dataclass(frozen=True, slots=True)
class _Addresses:
    """``virtual`` are the Services' own addresses, ``published`` theirs that are seen outside too; ``real``
    those of pods, nodes and backends."""

    virtual: dict[_Place, Service]
    published: dict[_Place, Service]
    real: set[_Place]

    def service(self, block: Network, direction: Direction) -> Service | None:
        """The Service whose virtual address is all that the block names."""
        place = block.version, int(block.network_address)
        if block.num_addresses > 1 or place in self.real:
            return None
        published = self.published.get(place) if direction is Direction.EGRESS else None
        return self.virtual.get(place, published)


def _addresses_of(cluster: Cluster) -> _Addresses:
    real = {address for pod in cluster.pods for address in pod.addresses}
    real |= {address for node in cluster.nodes for address in node.addresses}
    real |= {backend.address for one in cluster.slices for backend in one.backends}
    services = cluster.services
    return _Addresses(
        {address_number(address): one for one in services if not one.cached for address in one.cluster_ips},
        {address_number(address): service for service in services for address in service.external_ips},
        set(map(address_number, real)),
    )


def virtual_addresses(cluster: Cluster, policies: Iterable[Policy]) -> Iterator[str]:
    """One sentence for each rule that names such addresses, with what to write instead."""
    addresses: _Addresses | None = None
    for policy in policies:
        for direction in Direction:
            for rule in policy.rules(direction):
                for peer in rule.peers or ():
                    if not isinstance(peer, AddressBlock) or not cluster.services:
                        continue
                    addresses = addresses or _addresses_of(cluster)
                    service = addresses.service(ipaddress.ip_network(peer.cidr), direction)
                    if service is not None:
                        yield _sentence(policy, rule, peer, service, cluster)
                        break


def _sentence(policy: Policy, rule: Rule, block: AddressBlock, service: Service, cluster: Cluster) -> str:
    return (
        f"{policy}[{rule.label}] ({rule.source}) names {block.cidr}, the virtual address of {service}, which "
        "policies never see: they see what it is translated to, so this matches nothing; "
        f"{_advice(service, cluster)}"
    )


def _advice(service: Service, cluster: Cluster) -> str:
    if service.selector:
        labels = ", ".join(f"{key}: {value}" for key, value in sorted(service.selector.items()))
        return f"select its pods instead: podSelector with matchLabels {{{labels}}} in {service.namespace}"
    behind = cluster.slices_of(service)
    backends = list(dict.fromkeys(backend.address for one in behind for backend in one.backends))
    ports = list(dict.fromkeys(str(port.port) for one in behind for port in one.ports if port.port))
    if not backends:
        return "name the addresses behind it instead"
    cidrs = [str(ipaddress.ip_network(address)) for address in backends]
    return f"write {listed(cidrs, MOST_BACKENDS)}" + (f", port {', '.join(ports)}" if ports else "")
