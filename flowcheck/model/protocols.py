"""Protocols by number and by name. Source: IANA protocol numbers."""

from __future__ import annotations

TCP, UDP, SCTP, ICMP, ICMPV6 = 6, 17, 132, 1, 58

PROTOCOL_NAMES = {TCP: "TCP", UDP: "UDP", SCTP: "SCTP", ICMP: "ICMP", ICMPV6: "ICMPv6"}

PROTOCOLS = {PROTOCOL_NAMES[number]: number for number in (TCP, UDP, SCTP)}
"""The names Kubernetes has for protocols, in the order of their slots in arrays. Source: core/v1 Protocol."""

WITH_PORTS = frozenset(PROTOCOLS.values())
"""The protocols that have ports a policy can name."""


def protocol_name(protocol: int) -> str:
    """As people read it: ``TCP``, or ``protocol 47`` of one that has no name here."""
    return PROTOCOL_NAMES.get(protocol, f"protocol {protocol}")


def protocol_word(protocol: int) -> str:
    """As records have it: ``TCP``, or ``47``."""
    return PROTOCOL_NAMES.get(protocol, str(protocol))


def port_text(port: int | None, protocol: int) -> str:
    """``443/TCP``, or the protocol alone where no port was recorded or it has none."""
    name = protocol_name(protocol)
    return name if port is None else f"{port}/{name}"
