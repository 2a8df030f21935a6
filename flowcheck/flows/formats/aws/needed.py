"""Which fields are read: addresses of interfaces only once there is a packet that does not tell its own."""

from __future__ import annotations

import pyarrow as pa

from flowcheck.flows.logs.columnwise import absent

IN_PACKET, ON_INTERFACE = ("pkt_srcaddr", "pkt_dstaddr"), ("srcaddr", "dstaddr")


def needed_first(fields: list[str]) -> list[str]:
    """Of the fields of a log, those to begin with; the list itself where it is all of them."""
    few = [name for name in fields if name not in ON_INTERFACE]
    return few if {*IN_PACKET, "protocol"} <= set(few) and len(few) < len(fields) else fields


def lacks_ends(columns: dict[str, pa.Array]) -> bool:
    """Whether there is such a packet; where there is no protocol, there was no packet."""
    n = len(columns["protocol"])
    packets = ~absent(columns["protocol"], n)
    return any(bool((packets & absent(columns[name], n)).any()) for name in IN_PACKET)
