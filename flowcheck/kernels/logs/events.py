"""Events of network activity: which end opened the connection, and who saw it, as far as each tells."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flowcheck.arrays import Int32, Int64, UInt8
from flowcheck.kernels.initiators import ACK, CONGESTION, SYN, TCP
from flowcheck.kernels.jit import kernel
from flowcheck.kernels.logs.columns import MISSING
from flowcheck.kernels.logs.settling import DESTINATION, SOURCE

BOTH = 4
INBOUND, OUTBOUND, LOCAL = 1, 2, 4
"""Of a direction."""
KNOWN, UNSURE = 1, 2
"""Whether it is known that the source opened it."""
MOST_PORT = 0xFFFF


class Told(NamedTuple):
    """Of events, each (rows,). protocol, flags, initiator, point, direction int64: what it says, MISSING
    where it does not. assigned uint8: KNOWN, UNSURE, or 0. at_src, at_dst int32: the interface that saw it
    at that end, less than 0 for none. of_interfaces uint8: 1 where such logs tell of packets of one
    interface. both_ways uint8: 1 where both directions are counted."""

    protocol: Int64
    flags: Int64
    initiator: Int64
    point: Int64
    direction: Int64
    assigned: UInt8
    at_src: Int32
    at_dst: Int32
    of_interfaces: UInt8
    both_ways: UInt8


@kernel
def find_openers(told: Told, openers: UInt8) -> None:
    """openers (rows,): SOURCE or DESTINATION, 0 where the event does not tell. Windows of interfaces tell of
    an ACK only beside a SYN, and so of the answer; elsewhere flags may be those of a whole connection."""
    for row in range(openers.size):
        flags, opener = told.flags[row], told.initiator[row]
        if opener not in (SOURCE, DESTINATION):
            opener = SOURCE if told.assigned[row] == KNOWN else 0
        if opener == 0 and told.protocol[row] == TCP and flags > 0 and flags & SYN:
            if flags & ACK == 0:
                opener = SOURCE
            elif told.of_interfaces[row] or flags & ~CONGESTION == SYN | ACK:
                opener = DESTINATION
        if opener == 0 and told.both_ways[row] and told.assigned[row] != UNSURE:
            opener = 0 if told.of_interfaces[row] else SOURCE
        openers[row] = opener


@kernel
def find_points(told: Told, points: UInt8) -> None:
    """points (rows,): who saw it, of the record's own ends, 0 where it does not tell. The direction is an
    interface's where one is named; other products mean their network's border."""
    for row in range(points.size):
        point, direction = told.point[row], told.direction[row]
        at_src, at_dst = told.at_src[row] >= 0, told.at_dst[row] >= 0
        if point < SOURCE or point > BOTH:
            if at_src != at_dst:
                point = SOURCE if at_src else DESTINATION
            elif not (at_src or told.of_interfaces[row]):
                point = 0
            elif direction == OUTBOUND:
                point = SOURCE
            elif direction == INBOUND:
                point = DESTINATION
            else:
                point = BOTH if direction == LOCAL else 0
        points[row] = point


@kernel
def narrow_ports(protocol: Int64, has_ports: UInt8, ports: Int64, narrow: Int32) -> None:
    """narrow (rows,): ports, as far as they can be some; of protocols that have none both become MISSING.
    has_ports (256,), by protocol."""
    for row in range(ports.size):
        if not has_ports[np.uint8(min(max(protocol[row], 0), 255))]:
            ports[row] = MISSING
        narrow[row] = min(max(ports[row], MISSING), MOST_PORT)
