"""Protocols by number and by name. Source: IANA protocol numbers."""

from __future__ import annotations

TCP, UDP, SCTP, ICMP, ICMPV6 = 6, 17, 132, 1, 58

PROTOCOL_NAMES = {TCP: "TCP", UDP: "UDP", SCTP: "SCTP", ICMP: "ICMP", ICMPV6: "ICMPv6"}

PROTOCOLS = {PROTOCOL_NAMES[number]: number for number in (TCP, UDP, SCTP)}
"""The names Kubernetes has for protocols, in the order of their slots in arrays. Source: core/v1 Protocol."""

WITH_PORTS = frozenset(PROTOCOLS.values())
"""The protocols that have ports a policy can name."""
