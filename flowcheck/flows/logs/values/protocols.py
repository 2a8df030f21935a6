"""Protocols by the names that logs write. Source: https://www.iana.org/assignments/protocol-numbers"""

from __future__ import annotations

_NUMBERS = {
    **{"icmp": 1, "igmp": 2, "ipip": 4, "ipencap": 4, "tcp": 6, "udp": 17, "dccp": 33, "ipv6": 41},
    **{"gre": 47, "esp": 50, "ah": 51, "icmpv6": 58, "icmp6": 58, "ipv6-icmp": 58, "eigrp": 88},
    **{"ospf": 89, "ospfigp": 89, "pim": 103, "vrrp": 112, "sctp": 132, "udplite": 136, "udp-lite": 136},
}
WITH_PORTS = frozenset({6, 17, 33, 132, 136})


def protocol_number(name: str) -> int | None:
    """Of a name in any case, or of a number as text; None for what is neither."""
    name = name.strip().lower()
    return int(name) if name.isdecimal() and len(name) <= 3 else _NUMBERS.get(name)
