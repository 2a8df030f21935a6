"""Address -> endpoint: prefixes of any length, the longest one wins.

CIDRs are nested or disjoint, never half overlapping. So the address blocks of a program are exactly its
distinct prefixes, each less the longer ones inside it, and a pod's address is one more prefix.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from flowcheck.arrays import AddressTable, Int32

Prefix = ipaddress.IPv4Network | ipaddress.IPv6Network

ROOTS: tuple[Prefix, ...] = (ipaddress.IPv4Network("0.0.0.0/0"), ipaddress.IPv6Network("::/0"))
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_LOW_64 = (1 << 64) - 1


@lru_cache(maxsize=65536)
def prefix(text: str) -> Prefix:
    """An address or CIDR as a prefix; IPv4-mapped IPv6 becomes IPv4, host bits are dropped."""
    network = ipaddress.ip_network(text, strict=False)
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= 96 and network.subnet_of(_MAPPED):
        address = int(network.network_address) & 0xFFFFFFFF
        return ipaddress.IPv4Network((address, network.prefixlen - 96))
    return network


def build_table(endpoint_of: Mapping[Prefix, int]) -> AddressTable:
    """Compile prefixes to a table; both roots must be among them.

    Shorter prefixes are painted first, so that longer ones end up on top.
    """
    v4 = [p for p in endpoint_of if isinstance(p, ipaddress.IPv4Network)]
    v6 = [p for p in endpoint_of if isinstance(p, ipaddress.IPv6Network)]
    root, pages = _paint_v4(sorted(v4, key=lambda p: p.prefixlen), endpoint_of)
    high, low, endpoints = _cut_v6(sorted(v6), endpoint_of)
    return AddressTable(
        root=root,
        pages=pages,
        v6_high=np.array(high, dtype=np.uint64),
        v6_low=np.array(low, dtype=np.uint64),
        v6_endpoint=np.array(endpoints, dtype=np.int32),
    )


def _paint_v4(
    prefixes: list[ipaddress.IPv4Network], endpoint_of: Mapping[Prefix, int]
) -> tuple[Int32, Int32]:
    root = np.zeros(65536, dtype=np.int32)
    pages: list[Int32] = []

    def page_under(table: Int32, at: int) -> Int32:
        if table[at] >= 0:
            pages.append(np.full(256, table[at], dtype=np.int32))
            table[at] = -len(pages)
        return pages[-int(table[at]) - 1]

    for network in prefixes:
        start, length, endpoint = int(network.network_address), network.prefixlen, endpoint_of[network]
        if length <= 16:
            root[start >> 16 : (start >> 16) + (1 << (16 - length))] = endpoint
            continue
        page = page_under(root, start >> 16)
        middle = (start >> 8) & 255
        if length <= 24:
            page[middle : middle + (1 << (24 - length))] = endpoint
            continue
        page = page_under(page, middle)
        page[start & 255 : (start & 255) + (1 << (32 - length))] = endpoint
    return root, np.array(pages, dtype=np.int32).reshape(-1, 256)


def _cut_v6(
    prefixes: list[ipaddress.IPv6Network], endpoint_of: Mapping[Prefix, int]
) -> tuple[list[int], list[int], list[int]]:
    starts: dict[int, int] = {}
    open_prefixes: list[ipaddress.IPv6Network] = []

    def close_before(address: int) -> None:
        while open_prefixes and int(open_prefixes[-1].broadcast_address) < address:
            ended = open_prefixes.pop()
            if open_prefixes:
                starts[int(ended.broadcast_address) + 1] = endpoint_of[open_prefixes[-1]]

    for network in prefixes:
        close_before(int(network.network_address))
        open_prefixes.append(network)
        starts[int(network.network_address)] = endpoint_of[network]
    close_before(1 << 128)
    cuts = sorted(item for item in starts.items() if item[0] < 1 << 128)
    return [start >> 64 for start, _ in cuts], [start & _LOW_64 for start, _ in cuts], [e for _, e in cuts]
