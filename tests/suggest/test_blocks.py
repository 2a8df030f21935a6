"""Addresses become blocks that hold what was seen, and nothing of the cluster's own."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowcheck.suggesting.blocks import Blocks
from flowcheck.suggesting.needs import Network
from tests.agreement.agree import WORLDS, drawn


def blocks(texts: str, common: int | None = None, taken: str = "") -> set[str]:
    made = Blocks({4: common, 6: common}, [ip_network(text) for text in taken.split()])
    found = made.of(ip_network(text) for text in texts.split())
    assert {str(one) for one in found} == {str(ip_network(text)) for text in texts.split()}
    return {str(block) for block in found.values()}


@pytest.mark.parametrize(
    ("texts", "common", "taken", "expected"),
    [
        ("192.0.2.0 192.0.2.1", None, "", "192.0.2.0/31"),
        ("192.0.2.1 192.0.2.2", None, "", "192.0.2.1/32 192.0.2.2/32"),
        ("192.0.2.1 192.0.2.2", 24, "", "192.0.2.0/30"),
        ("192.0.2.1 192.0.2.200 198.51.100.1", 24, "", "192.0.2.0/24 198.51.100.1/32"),
        ("192.0.2.1 192.0.2.2", 24, "192.0.2.3", "192.0.2.1/32 192.0.2.2/32"),
        ("192.0.2.1 192.0.2.2", 24, "192.0.0.0/16", "192.0.2.1/32 192.0.2.2/32"),
        ("192.0.2.1 192.0.2.2", 24, "192.0.2.4/30", "192.0.2.0/30"),
        ("192.0.2.1 203.0.113.1", 0, "", "192.0.0.0/4"),
        ("1.1.1.1 203.0.113.1", 0, "", "0.0.0.0/0"),
        ("2001:db8::1 2001:db8::2 192.0.2.1", 30, "", "2001:db8::/126 192.0.2.1/32"),
        ("192.0.2.1", 24, "", "192.0.2.1/32"),
        ("", 24, "", ""),
    ],
)
def test_blocks(texts: str, common: int | None, taken: str, expected: str) -> None:
    assert blocks(texts, common, taken) == {*expected.split()}


ADDRESSES = st.integers(0, 1 << 12).map(lambda n: ip_network((n << 8, 32)))


@drawn(WORLDS // 3)
@given(st.sets(ADDRESSES), st.sets(ADDRESSES), st.none() | st.integers(8, 32))
def test_blocks_hold_all_that_was_seen_are_apart_and_hold_nothing_of_the_cluster(
    seen: set[Network], taken: set[Network], common: int | None
) -> None:
    found = Blocks({4: common, 6: None}, taken).of(seen)
    assert found.keys() == seen
    for address, block in found.items():
        assert ip_address(int(address.network_address)) in block
        assert common is None or block.prefixlen >= common or block.num_addresses == 1
    apart = sorted({*found.values()}, key=lambda one: int(one.network_address))
    assert not [one for one, other in pairwise(apart) if one.overlaps(other)]  # type: ignore[arg-type]
    for block in apart:
        wider = any(one not in seen for one in block.subnets(new_prefix=32)) if block.prefixlen > 20 else True
        assert not (wider and any(block.overlaps(one) for one in taken - seen))  # type: ignore[arg-type]
