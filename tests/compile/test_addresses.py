"""The address table against :mod:`ipaddress`: the longest prefix that holds an address names its endpoint."""

from __future__ import annotations

import ipaddress

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcheck.arrays import AddressTable
from flowcheck.compile.endpoints.addresses import ROOTS, Prefix, build_table, prefix
from flowcheck.kernels import lookup

LOW_64 = (1 << 64) - 1


def network(version: int, address: int, length: int) -> Prefix:
    width = 32 if version == 4 else 128
    return Prefix(version, address >> (width - length) << (width - length), length)


def nearby(version: int) -> st.SearchStrategy[int]:
    """Addresses of few distinct high parts, so that prefixes nest, and of the very ends."""
    width = 32 if version == 4 else 128
    picked = [0, 1, 0xFF, 0x100, 0xFFFF, 0x10000]
    high = st.sampled_from([0, 1 << (width - 1), 0x0A << (width - 8), (1 << width) - 0x20000])
    return st.one_of(
        st.builds(lambda h, low: min(h + low, (1 << width) - 1), high, st.sampled_from(picked)),
        st.sampled_from([0, (1 << width) - 1]),
        st.integers(0, (1 << width) - 1),
    )


def prefixes(version: int) -> st.SearchStrategy[Prefix]:
    width = 32 if version == 4 else 128
    lengths = st.one_of(
        st.sampled_from([0, 8, 15, 16, 17, 23, 24, 25, 31, 32, width - 1, width]), st.integers(0, width)
    )
    return st.builds(network, st.just(version), nearby(version), lengths)


def look_up(table: AddressTable, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> int:
    found, key = np.empty(1, dtype=np.int32), np.empty(1, dtype=np.uint64)
    if address.version == 4:
        lookup.resolve_integers(table, np.array([int(address)], dtype=np.uint32), found, key)
    else:
        words = np.array([int(address) >> 64, int(address) & LOW_64], dtype=np.uint64)
        lookup.resolve_v6_words(table, words[:1], words[1:], found, key)
    return int(found[0])


def longest(endpoint_of: dict[Prefix, int], address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> int:
    inside = [p for p in endpoint_of if address in ipaddress.ip_network(str(p))]
    return endpoint_of[max(inside, key=lambda p: p.prefixlen)]


def edges(nets: set[Prefix]) -> set[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """First and last address of each prefix, and their neighbours outside."""
    found = set()
    for net in nets:
        kind = ipaddress.IPv4Address if net.version == 4 else ipaddress.IPv6Address
        width = 32 if net.version == 4 else 128
        around = (net.first - 1, net.first, net.last, net.last + 1)
        found |= {kind(n) for n in around if 0 <= n < 1 << width}
    mapped = ipaddress.IPv6Network("::ffff:0:0/96")
    return {address for address in found if address.version == 4 or address not in mapped}


@settings(deadline=None, max_examples=60)
@given(st.sets(st.one_of(prefixes(4), prefixes(6)), max_size=12))
def test_the_longest_prefix_wins(nets: set[Prefix]) -> None:
    endpoint_of = {net: number for number, net in enumerate({*ROOTS, *nets})}
    table = build_table(endpoint_of)
    for address in edges({*ROOTS, *nets}):
        assert look_up(table, address) == longest(endpoint_of, address), address


def test_v6_intervals_are_sorted_and_distinct() -> None:
    nested = [prefix(text) for text in ("fd00::/16", "fd00::/64", "fd00::/128", "fd00::1/128")]
    table = build_table({net: number for number, net in enumerate((*ROOTS, *nested))})
    starts = [int(h) << 64 | int(low) for h, low in zip(table.v6_high, table.v6_low, strict=True)]
    assert starts == sorted(set(starts))
    assert starts[0] == 0
    assert table.v6_endpoint.tolist() == [1, 4, 5, 3, 2, 1]


def test_a_prefix_of_16_bits_or_less_needs_no_page() -> None:
    assert build_table({ROOTS[0]: 0, ROOTS[1]: 1, prefix("10.0.0.0/15"): 2}).pages.shape == (0, 256)
    assert build_table({ROOTS[0]: 0, ROOTS[1]: 1, prefix("10.0.0.1"): 2}).pages.shape == (2, 256)


def test_mapped_addresses_are_ipv4_and_host_bits_are_dropped() -> None:
    assert prefix("::ffff:10.0.0.1") == prefix("10.0.0.1/32") == Prefix(4, 0x0A000001, 32)
    assert prefix("::ffff:10.0.0.0/120") == prefix("10.0.0.7/24") == Prefix(4, 0x0A000000, 24)
    assert prefix("fd00::1") == Prefix(6, 0xFD << 120 | 1, 128)
    assert prefix("::/0") == ROOTS[1]
