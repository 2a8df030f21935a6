"""Port classes: the stretches of numbers that no rule divides, and what there is of other protocols.

Classes are numbered TCP first, then UDP, then SCTP, each by port; then, if any rule speaks of them, ICMP and
ICMPv6, each by type and code, and other protocols, one class each; one class for all that is left follows.
So one range of numbers is one range of classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from flowcheck.arrays import N_REAL_PROTOCOLS, NUMBERED_SLOT, Int32, Int64, UInt16
from flowcheck.errors import CompileError
from flowcheck.model.ports import PortRange, ProtocolsBut
from flowcheck.model.protocols import ICMP, ICMPV6

ALL_PORTS = 65536
NUMBERED_PROTOCOLS = 5


class PortClasses(NamedTuple):
    """class_of (slots, 65536) uint16, of three slots, or five with ICMP and ICMPv6; slot_starts (slots + 1,)
    int64: each one's first class, then where they end. ``alone``: the class of a protocol by its number;
    ``other``: of all that are left, the last."""

    class_of: UInt16
    slot_starts: Int64
    alone: Mapping[int, int]
    other: int

    @property
    def width(self) -> int:
        """How many classes there are, with those for flows whose number was not recorded, by slot."""
        return self.other + len(self.slot_starts)

    @property
    def portless(self) -> int:
        """The first class of protocols without ports."""
        return int(self.slot_starts[N_REAL_PROTOCOLS])

    def span(self, ports: PortRange) -> tuple[int, int]:
        """The half-open range of classes that a range of numbers is made of."""
        if ports.protocol in self.alone:
            return self.alone[ports.protocol], self.alone[ports.protocol] + 1
        slot = NUMBERED_SLOT[ports.protocol]
        return int(self.class_of[slot, ports.first]), int(self.class_of[slot, ports.last]) + 1

    def spans(self, ports: PortRange | ProtocolsBut) -> Iterable[tuple[int, int]]:
        """The ranges of classes, none of which touches another."""
        if isinstance(ports, PortRange):
            return [self.span(ports)]
        gaps = sorted(self.span(PortRange(protocol)) for protocol in ports.protocols)
        edges = [(0, 0), *gaps, (self.other + 1, self.other + 1)]
        return [(end, start) for (_, end), (start, _) in pairwise(edges) if end < start]

    def everything(self) -> tuple[int, int]:
        """All ports and all other protocols."""
        return 0, self.other + 1

    def without_number(self) -> Int32:
        """(256,) int32: the class of a flow of each protocol that has no number, or of which it was not
        recorded."""
        found = np.full(256, self.other, dtype=np.int32)
        for protocol, slot in enumerate(NUMBERED_SLOT.tolist()):
            if slot < len(self.slot_starts) - 1:
                found[protocol] = self.other + 1 + slot
        for protocol, number in self.alone.items():
            found[protocol] = number
        return found


def build_port_classes(spoken_of: Iterable[PortRange | ProtocolsBut]) -> PortClasses:
    """Cut each protocol's numbers at every range's ends."""
    cuts = np.zeros((NUMBERED_PROTOCOLS, ALL_PORTS + 1), dtype=np.int64)
    cuts[:, 0] = 1
    named: set[int] = set()
    for ports in spoken_of:
        if isinstance(ports, ProtocolsBut):
            named |= ports.protocols
            continue
        slot = NUMBERED_SLOT[ports.protocol]
        if slot >= N_REAL_PROTOCOLS:
            named.add(ports.protocol)
        if slot < NUMBERED_PROTOCOLS:
            cuts[slot, ports.first] = 1
            cuts[slot, ports.last + 1] = 1
    n_slots = NUMBERED_PROTOCOLS if named & {ICMP, ICMPV6} else N_REAL_PROTOCOLS
    numbers = np.cumsum(cuts[:n_slots, :ALL_PORTS].ravel()) - 1
    alone = sorted(protocol for protocol in named if NUMBERED_SLOT[protocol] == NUMBERED_PROTOCOLS)
    other = int(numbers[-1]) + 1 + len(alone)
    if other + 4 > np.iinfo(np.uint16).max:
        raise CompileError(
            f"the policies divide the ports into {numbers[-1] + 1} classes; flowcheck can hold 65530",
            hint="split the audit by namespace with --policies",
        )
    class_of = numbers.reshape(n_slots, ALL_PORTS)
    starts = np.append(class_of[:, 0], numbers[-1] + 1).astype(np.int64)
    by_protocol = {protocol: int(starts[-1]) + place for place, protocol in enumerate(alone)}
    return PortClasses(class_of.astype(np.uint16), starts, by_protocol, other)
