"""Port classes: the stretches of TCP, UDP and SCTP ports that no rule divides, and every other protocol.

Classes are numbered TCP first, then UDP, then SCTP, each by port; one class for all other protocols follows.
So one port range is one range of classes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from flowcheck.arrays import N_REAL_PROTOCOLS, PROTOCOL_SLOT, Int64, UInt16
from flowcheck.errors import CompileError
from flowcheck.model.policy import PortRange

ALL_PORTS = 65536


class PortClasses(NamedTuple):
    """class_of (3, 65536) uint16; slot_starts (4,) int64: each protocol's first class, then ``other``."""

    class_of: UInt16
    slot_starts: Int64

    @property
    def other(self) -> int:
        return int(self.slot_starts[N_REAL_PROTOCOLS])

    def span(self, ports: PortRange) -> tuple[int, int]:
        """The half-open range of classes that a port range is made of."""
        slot = PROTOCOL_SLOT[ports.protocol]
        return int(self.class_of[slot, ports.first]), int(self.class_of[slot, ports.last]) + 1

    def everything(self) -> tuple[int, int]:
        """All ports and all other protocols."""
        return 0, self.other + 1


def build_port_classes(ranges: Iterable[PortRange]) -> PortClasses:
    """Cut each protocol's ports at every range's ends."""
    cuts = np.zeros((N_REAL_PROTOCOLS, ALL_PORTS + 1), dtype=np.int64)
    cuts[:, 0] = 1
    for ports in ranges:
        slot = PROTOCOL_SLOT[ports.protocol]
        cuts[slot, ports.first] = 1
        cuts[slot, ports.last + 1] = 1
    numbers = np.cumsum(cuts[:, :ALL_PORTS].ravel()) - 1
    if numbers[-1] + 5 > np.iinfo(np.uint16).max:
        raise CompileError(
            f"the policies divide the ports into {numbers[-1] + 1} classes; flowcheck can hold 65530",
            hint="split the audit by namespace with --policies",
        )
    class_of = numbers.reshape(N_REAL_PROTOCOLS, ALL_PORTS)
    starts = np.append(class_of[:, 0], numbers[-1] + 1)
    return PortClasses(class_of.astype(np.uint16), starts.astype(np.int64))
