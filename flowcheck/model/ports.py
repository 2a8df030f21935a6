"""What a rule says of protocols and ports: ranges, names, and what is left when some are taken out.

A *number* is a port of TCP, UDP and SCTP; of ICMP and ICMPv6 it is type * 256 + code; of any other protocol
there is none, and a range of it must be whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flowcheck.model.protocols import ICMP, ICMPV6

LAST_NUMBER = 65535


@dataclass(frozen=True, slots=True)
class PortRange:
    """Numbers ``first`` to ``last``, both included, of one protocol (IANA number), at the destination."""

    protocol: int
    first: int = 0
    last: int = LAST_NUMBER


@dataclass(frozen=True, slots=True)
class NamedPort:
    """A container port's name, looked up on the destination pod of each flow.

    ``protocol`` is None where the name alone counts (ClusterNetworkPolicy destinationNamedPort).
    Which containers name ports, and what a name stands for that one pod has several times, say the options
    ``port_names`` and ``same_port_name``. ``last``: it is all ports from the named one up to this. On a
    destination that is not a pod it matches nothing.
    """

    name: str
    protocol: int | None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class PortsBut:
    """The ports of one protocol that are any of ``ports`` (None: all of them) and none of ``but``; ranges and
    names of that protocol. Where no name is in it, :func:`without` says the same in ranges."""

    protocol: int
    ports: tuple[PortRange | NamedPort, ...] | None
    but: tuple[PortRange | NamedPort, ...]


@dataclass(frozen=True, slots=True)
class ProtocolsBut:
    """All numbers of every protocol but these (IANA numbers). Without any it is every protocol."""

    protocols: frozenset[int]


@dataclass(frozen=True, slots=True)
class ServicePorts:
    """Where a Service's EndpointSlices say it is served: their addresses, ready or not, each at the ports and
    protocols of its slice (``protocol``: only those of it). A destination that is listed nowhere, the
    Service's own address too, is not."""

    namespace: str
    name: str
    protocol: int | None = None


@dataclass(frozen=True, slots=True)
class PastProxy:
    """The TCP ports at which connections go past the proxy of the pod they are for (``inbound_past``)."""


Ports = PortRange | NamedPort | PortsBut | ProtocolsBut | ServicePorts | PastProxy


def icmp_range(protocol: int, type_: int | None = None, code: int | None = None) -> PortRange:
    """ICMP or ICMPv6 messages of a type (None: all) and a code (None: all of the type)."""
    if protocol not in (ICMP, ICMPV6):
        raise ValueError(f"{protocol} is not ICMP")
    if type_ is None:
        return PortRange(protocol)
    first = type_ << 8
    return (
        PortRange(protocol, first, first + 255) if code is None else PortRange(protocol, *[first + code] * 2)
    )


def without(ports: Iterable[PortRange], but: Iterable[PortRange]) -> tuple[PortRange, ...]:
    """The ranges that are left of some when others are taken out, in order."""
    left: list[PortRange] = []
    taken = sorted(but, key=lambda one: one.first)
    for one in sorted(set(ports), key=lambda one: (one.protocol, one.first)):
        first = one.first
        for gap in (gap for gap in taken if gap.protocol == one.protocol):
            if gap.last < first or gap.first > one.last:
                continue
            if gap.first > first:
                left.append(PortRange(one.protocol, first, gap.first - 1))
            first = max(first, gap.last + 1)
        if first <= one.last:
            left.append(PortRange(one.protocol, first, one.last))
    return tuple(left)


def both_of(some: Iterable[PortRange], others: Iterable[PortRange]) -> tuple[PortRange, ...]:
    """What ranges have in common with others."""
    pairs = [(one, other) for one in some for other in others if one.protocol == other.protocol]
    found = [
        PortRange(one.protocol, max(one.first, other.first), min(one.last, other.last))
        for one, other in pairs
    ]
    return tuple(one for one in dict.fromkeys(found) if one.first <= one.last)
