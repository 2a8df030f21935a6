"""Port classes: ranges of ports no rule divides, numbered TCP, UDP, SCTP, then every other protocol."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcheck.arrays import N_REAL_PROTOCOLS, PROTOCOL_SLOT
from flowcheck.compile.rules.ports import ALL_PORTS, build_port_classes
from flowcheck.errors import CompileError
from flowcheck.model.policy import PortRange
from flowcheck.model.protocols import PROTOCOLS, SCTP, TCP, UDP

PORTS = st.one_of(st.sampled_from([0, 1, 80, 443, 65534, 65535]), st.integers(0, 65535))
RANGES = st.builds(
    lambda protocol, one, other: PortRange(protocol, min(one, other), max(one, other)),
    st.sampled_from([TCP, UDP, SCTP]),
    PORTS,
    PORTS,
)


def test_slots_are_in_the_order_of_the_names() -> None:
    assert PROTOCOL_SLOT[list(PROTOCOLS.values())].tolist() == list(range(N_REAL_PROTOCOLS))


@settings(deadline=None, max_examples=60)
@given(st.lists(RANGES, max_size=6))
def test_a_range_is_exactly_the_ports_of_its_classes(ranges: list[PortRange]) -> None:
    classes = build_port_classes(ranges)
    for ports in ranges:
        start, stop = classes.span(ports)
        for slot in range(3):
            own = classes.class_of[slot]
            inside = ((own >= start) & (own < stop)).nonzero()[0]
            if slot == {TCP: 0, UDP: 1, SCTP: 2}[ports.protocol]:
                assert (inside[0], inside[-1], len(inside)) == (
                    ports.first,
                    ports.last,
                    ports.last - ports.first + 1,
                )
            else:
                assert len(inside) == 0


def test_without_rules_each_protocol_is_one_class() -> None:
    classes = build_port_classes([])
    assert classes.slot_starts.tolist() == [0, 1, 2, 3]
    assert classes.everything() == (0, 4)
    assert classes.other == 3


def test_everything_has_the_other_protocols_and_a_whole_protocol_has_not() -> None:
    classes = build_port_classes([PortRange(TCP, 80, 80)])
    assert classes.span(PortRange(TCP)) == (0, 3)
    assert classes.everything()[1] == classes.other + 1 == 6


def test_too_many_classes_are_refused_with_advice() -> None:
    odd = [PortRange(protocol, n, n) for protocol in (TCP, UDP) for n in range(1, ALL_PORTS, 2)]
    with pytest.raises(CompileError) as refused:
        build_port_classes(odd)
    assert refused.value.hint


@pytest.mark.parametrize("n_ports", [1, 124, 125, 126, 127, 3_000])
def test_what_has_no_number_has_a_class_however_many_there_are(n_ports: int) -> None:
    """Also where they pass 255, which the numbers of protocols' slots, bytes, do not."""
    classes = build_port_classes(PortRange(TCP, port, port) for port in range(1, 2 * n_ports, 2))
    lacking = classes.without_number()
    assert lacking[[TCP, UDP, SCTP]].tolist() == [classes.other + 1, classes.other + 2, classes.other + 3]
    assert lacking.max() == classes.width - 1
