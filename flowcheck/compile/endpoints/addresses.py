"""Address -> endpoint: prefixes of any length, the longest one wins.

CIDRs are nested or disjoint, never half overlapping. So the address blocks of a program are exactly its
distinct prefixes, each less the longer ones inside it, and a pod's address is one more prefix.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_pton
from typing import NamedTuple

import numpy as np

from flowcheck.arrays import AddressTable, Int32

_BITS = {4: 32, 6: 128}
_LOW_64 = (1 << 64) - 1


class Prefix(NamedTuple):
    """All addresses whose first ``prefixlen`` bits are those of ``first``. A tuple of numbers, as it is a key
    everywhere: Python hashes an :mod:`ipaddress` network ten times slower."""

    version: int
    first: int
    prefixlen: int

    @property
    def last(self) -> int:
        return self.first | (1 << _BITS[self.version] - self.prefixlen) - 1

    @property
    def network_address(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
        kind = ipaddress.IPv4Address if self.version == 4 else ipaddress.IPv6Address
        return kind(self.first)

    def supernet(self, new_prefix: int) -> Prefix:
        """The prefix of that length around it."""
        rest = _BITS[self.version] - new_prefix
        return Prefix(self.version, self.first >> rest << rest, new_prefix)

    def holds(self, other: Prefix) -> bool:
        """Whether all addresses of another are its own, too."""
        return self.version == other.version and self.first <= other.first and other.last <= self.last

    def __str__(self) -> str:
        return f"{self.network_address}/{self.prefixlen}"


ROOTS = Prefix(4, 0, 0), Prefix(6, 0, 0)


@lru_cache(maxsize=65536)
def prefix(text: str) -> Prefix:
    """An address or CIDR as a prefix; IPv4-mapped IPv6 becomes IPv4, host bits are dropped."""
    version = 6 if ":" in text else 4
    try:
        first = int.from_bytes(inet_pton(AF_INET if version == 4 else AF_INET6, text))
        length = _BITS[version]
    except OSError:  # no address: a CIDR, which ipaddress reads far slower
        network = ipaddress.ip_network(text, strict=False)
        first, length = int(network.network_address), network.prefixlen
    if version == 6 and length >= 96 and first >> 32 == 0xFFFF:
        return Prefix(4, first & 0xFFFFFFFF, length - 96)
    return Prefix(version, first, length)


def build_table(endpoint_of: Mapping[Prefix, int]) -> AddressTable:
    """Compile prefixes to a table; both roots must be among them.

    Shorter prefixes are painted first, so that longer ones end up on top.
    """
    v4 = [p for p in endpoint_of if p.version == 4]
    v6 = [p for p in endpoint_of if p.version == 6]
    root, pages = _paint_v4(sorted(v4, key=lambda p: p.prefixlen), endpoint_of)
    high, low, endpoints = _cut_v6(sorted(v6), endpoint_of)
    return AddressTable(
        root=root,
        pages=pages,
        v6_high=np.array(high, dtype=np.uint64),
        v6_low=np.array(low, dtype=np.uint64),
        v6_endpoint=np.array(endpoints, dtype=np.int32),
    )


def _paint_v4(prefixes: list[Prefix], endpoint_of: Mapping[Prefix, int]) -> tuple[Int32, Int32]:
    root = np.zeros(65536, dtype=np.int32)
    pages: list[Int32] = []

    def page_under(table: Int32, at: int) -> Int32:
        if table[at] >= 0:
            pages.append(np.full(256, table[at], dtype=np.int32))
            table[at] = -len(pages)
        return pages[-int(table[at]) - 1]

    for network in prefixes:
        (_, start, length), endpoint = network, endpoint_of[network]
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
    prefixes: list[Prefix], endpoint_of: Mapping[Prefix, int]
) -> tuple[list[int], list[int], list[int]]:
    starts: dict[int, int] = {}
    open_prefixes: list[Prefix] = []

    def close_before(address: int) -> None:
        while open_prefixes and open_prefixes[-1].last < address:
            ended = open_prefixes.pop()
            if open_prefixes:
                starts[ended.last + 1] = endpoint_of[open_prefixes[-1]]

    for network in prefixes:
        close_before(network.first)
        open_prefixes.append(network)
        starts[network.first] = endpoint_of[network]
    close_before(1 << 128)
    cuts = sorted(item for item in starts.items() if item[0] < 1 << 128)
    return [start >> 64 for start, _ in cuts], [start & _LOW_64 for start, _ in cuts], [e for _, e in cuts]


def not_covered(prefixes: Iterable[Prefix]) -> Iterator[Prefix]:
    """Those of which the longer ones inside leave any address, in their order."""
    around: list[tuple[Prefix, int]] = []
    for prefix in [*sorted(prefixes), None]:
        while around and (prefix is None or not around[-1][0].holds(prefix)):
            whole, inside = around.pop()
            size = whole.last - whole.first + 1
            if inside < size:
                yield whole
            if around:
                outer, sum_of = around[-1]
                around[-1] = outer, sum_of + size
        if prefix is not None:
            around.append((prefix, 0))
