"""Where the addresses lie that a cluster gives to its pods, and sets of addresses that have a name.

Whoever has such an address and is not known is a pod nobody told of, never somebody outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Protocol

from flowcheck.model.labels import Labels
from flowcheck.model.places import NOWHERE, SourceLocation
from flowcheck.model.timeline import ALWAYS, Lifetime

OPTION, NODES, SEEN = "--cluster-range", "Node podCIDRs", "pods' addresses"
"""What tells of a range, where it is not an object of a network plugin: that goes by its kind and name."""


PRIVATE = ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
"""Where a Service's own address lies. Source: RFC 1918, RFC 6598, RFC 4193."""


@dataclass(frozen=True, slots=True)
class PodRanges:
    """CIDRs that one object of a cluster's network says pods get their addresses from, at any time.

    ``kind`` :data:`SEEN`: no object says so; known pods have addresses there. ``translated``: beyond its
    node, what a pod of these sends out of all ranges has the node's address.
    """

    kind: str
    name: str
    cidrs: tuple[str, ...] = ()
    source: SourceLocation = NOWHERE
    translated: bool = False

    @property
    def told_by(self) -> str:
        return f"{self.kind} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class AddressSet:
    """An object that names addresses, such as a NetworkSet. ``namespace`` is empty for a cluster-scoped kind;
    CIDRs are canonical. A HostEndpoint is an ``interface`` (``*``: all) of a ``node``, with ``profiles``.
    """

    kind: str
    namespace: str
    name: str
    cidrs: tuple[str, ...]
    labels: Labels
    source: SourceLocation = NOWHERE
    lifetime: Lifetime = ALWAYS
    node: str = ""
    interface: str = ""
    profiles: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}" if self.namespace else f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class NamedAddress:
    """An address that a DNS name had. ``name``: in lower case, no last dot; ``address``: canonical."""

    name: str
    address: str
    lifetime: Lifetime = ALWAYS


@dataclass(frozen=True, slots=True)
class DnsMap:
    """Which addresses names had, as a file tells; ``sha256``: of its bytes."""

    path: str
    sha256: str
    names: tuple[NamedAddress, ...]


class Network(Protocol):
    """A CIDR, such as :mod:`ipaddress` has."""

    @property
    def version(self) -> int: ...
    @property
    def prefixlen(self) -> int: ...
    def supernet(self, *, new_prefix: int) -> Network: ...


class Within:
    """Whether networks lie inside any of some others: asked once for each length of prefix, not of each."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self._networks = frozenset(networks)
        self._lengths = {(network.version, network.prefixlen) for network in self._networks}

    def __contains__(self, network: Network) -> bool:
        return any(
            network.version == version
            and network.prefixlen >= length
            and network.supernet(new_prefix=length) in self._networks
            for version, length in self._lengths
        )


def ranges_by_teller(
    given: Sequence[str], node_cidrs: Sequence[str], ranges: Sequence[PodRanges]
) -> dict[str, str]:
    """Each range, canonical, with what tells of it first: what a person gives, nodes, the network's objects.

    What a person gives stands for what was only seen of pods, where the two overlap.
    """
    found = dict.fromkeys(given, OPTION)
    for cidr in node_cidrs:
        found.setdefault(cidr, NODES)
    for one in sorted(ranges, key=lambda one: one.kind == SEEN):
        for cidr in one.cidrs:
            if one.kind != SEEN or not any(_overlap(cidr, own) for own in given):
                found.setdefault(cidr, one.told_by)
    return found


def _overlap(one: str, other: str) -> bool:
    return ip_network(one).overlaps(ip_network(other, strict=False))
