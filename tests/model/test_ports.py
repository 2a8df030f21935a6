"""Ranges of ports, and what is left of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcheck.model.ports import PortRange, both_of, icmp_range, without
from flowcheck.model.protocols import ICMP, ICMPV6, TCP, UDP

EDGES = st.sampled_from([0, 1, 2, 79, 80, 81, 82, 65534, 65535])
RANGES = st.lists(
    st.builds(
        lambda protocol, one, other: PortRange(protocol, min(one, other), max(one, other)),
        st.sampled_from([TCP, UDP]),
        EDGES,
        EDGES,
    ),
    max_size=4,
)
TELLING = [
    (protocol, n) for protocol in (TCP, UDP) for n in (0, 1, 2, 3, 78, 79, 80, 81, 82, 83, 65534, 65535)
]


def hold(ranges: tuple[PortRange, ...] | list[PortRange], protocol: int, number: int) -> bool:
    return any(one.protocol == protocol and one.first <= number <= one.last for one in ranges)


@settings(deadline=None)
@given(RANGES, RANGES)
def test_what_is_left_and_what_is_common(some: list[PortRange], others: list[PortRange]) -> None:
    left, common = without(some, others), both_of(some, others)
    for protocol, number in TELLING:
        first, second = hold(some, protocol, number), hold(others, protocol, number)
        assert hold(left, protocol, number) is (first and not second)
        assert hold(common, protocol, number) is (first and second)
    assert all(one.first <= one.last for one in (*left, *common))


def test_types_of_icmp_are_numbers_of_two_bytes() -> None:
    assert icmp_range(ICMP) == PortRange(ICMP)
    assert icmp_range(ICMP, 8) == PortRange(ICMP, 2048, 2303)
    assert icmp_range(ICMPV6, 1, 4) == PortRange(ICMPV6, 260, 260)
    with pytest.raises(ValueError, match="6 is not ICMP"):
        icmp_range(TCP, 8)
