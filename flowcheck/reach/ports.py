"""Stretches of ports: what the program's policies do not divide, and how they are told.

TCP, UDP and SCTP are always asked; ICMP, ICMPv6 and other protocols where a policy speaks of them. Nothing
listens on port 0, which is left out; so is the port of a mesh's tunnels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Tables, UInt16
from flowcheck.compile import Program
from flowcheck.model.mesh.membership import HBONE_PORT
from flowcheck.model.protocols import ICMP, ICMPV6, SCTP, TCP, UDP, WITH_PORTS, protocol_name

SLOTS = (TCP, UDP, SCTP, ICMP, ICMPV6)
"""The protocols that have numbers, in the order of Tables.port_class."""
LAST_PORT = 65535
NO_NUMBER = -1


class Stretch(NamedTuple):
    """Numbers of one protocol, both ends included: ports; type * 256 + code of ICMP; NO_NUMBER of others."""

    protocol: int
    first: int
    last: int


def stretches_of(program: Program) -> list[Stretch]:
    """All that policies may tell apart, protocol by protocol, ascending."""
    tables = program.tables
    found = []
    for slot, protocol in enumerate(SLOTS[: len(tables.port_class)]):
        cuts = {0, 1} if protocol in WITH_PORTS else {0}
        cuts.update(_cuts(tables.port_class, slot))
        if protocol == TCP and program.mesh is not None:
            cuts.update(_cuts_of_mesh(program))
        found += [one for one in _between(protocol, sorted(cuts)) if not _is_tunnel(program, one)]
    alone = [protocol for protocol, one in enumerate(tables.without_port.tolist()) if one < tables.other_port]
    return found + [Stretch(protocol, NO_NUMBER, NO_NUMBER) for protocol in alone]


def refined(*several: Sequence[Stretch]) -> list[Stretch]:
    """Stretches that none of several lists divides; of protocols that all of them know."""
    protocols = [p for p in dict.fromkeys(one.protocol for one in several[0]) if _in_all(p, several)]
    found: list[Stretch] = []
    for protocol in protocols:
        mine = [one for listed in several for one in listed if one.protocol == protocol]
        if mine[0].first == NO_NUMBER:
            found.append(mine[0])
            continue
        cuts = sorted({one.first for one in mine})
        ends = [*(cut - 1 for cut in cuts[1:]), max(one.last for one in mine)]
        found += [Stretch(protocol, *ends) for ends in zip(cuts, ends, strict=True)]
    return found


def inside(stretches: Sequence[Stretch], within: Stretch) -> int:
    """The place of the stretch that holds another."""
    return next(
        place
        for place, one in enumerate(stretches)
        if one.protocol == within.protocol and one.first <= within.first <= one.last
    )


def classes_of(tables: Tables, stretches: Iterable[Stretch]) -> list[int]:
    """The port class of each stretch."""
    classes = []
    for protocol, first, _ in stretches:
        slot = a.NUMBERED_SLOT[protocol]
        numbered = first != NO_NUMBER and slot < len(tables.port_class)
        classes.append(int(tables.port_class[slot, first] if numbered else tables.without_port[protocol]))
    return classes


def text_of(stretches: Sequence[Stretch], everything: Sequence[Stretch]) -> str:
    """Some of all stretches in words: ``every port``, ``80, 8080-8090/TCP; UDP``."""
    if len(stretches) == len(everything):
        return "every port" if _are_ports(everything) else "everything"
    parts = []
    for protocol in dict.fromkeys(one.protocol for one in stretches):
        name = protocol_name(protocol)
        mine = [one for one in stretches if one.protocol == protocol]
        joined = list(join_up(mine))
        whole = sum(1 for one in everything if one.protocol == protocol) == len(mine)
        if joined[0].first == NO_NUMBER or (whole and len(joined) == 1 and _is_all(joined[0])):
            parts.append(name)
        elif protocol in WITH_PORTS:
            parts.append(f"{', '.join(_range(one) for one in joined)}/{name}")
        else:
            parts.append(f"{name} type/code {', '.join(_messages(one) for one in joined)}")
    return "; ".join(parts)


def join_up(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """Neighbours of one protocol as one."""
    current: Stretch | None = None
    for one in stretches:
        if current is not None and (current.protocol, current.last + 1) == (one.protocol, one.first):
            current = current._replace(last=one.last)
            continue
        if current is not None:
            yield current
        current = one
    if current is not None:
        yield current


def _cuts(port_class: UInt16, slot: int) -> list[int]:
    numbers = port_class[slot].astype(np.int32)
    return [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist()]


def _cuts_of_mesh(program: Program) -> Iterator[int]:
    """Where the mesh's policies divide TCP's ports, and single ports of which its ends know something."""
    assert program.mesh is not None
    ends = program.mesh.ends
    for tables in program.mesh.tables.values():
        yield from _cuts(tables.port_class, 0)
    told = np.concatenate([ends.past, ends.spoken_at]) & (1 << a.PORT_BITS) - 1
    for port in {HBONE_PORT, *np.unique(told).tolist()}:
        yield from (one for one in (port, port + 1) if one <= LAST_PORT)


def _is_tunnel(program: Program, stretch: Stretch) -> bool:
    """What comes there in a mesh goes on to another port, of which that is told."""
    return program.mesh is not None and (stretch.protocol, stretch.first) == (TCP, HBONE_PORT)


def _between(protocol: int, cuts: Sequence[int]) -> Iterator[Stretch]:
    for first, after in zip(cuts, [*cuts[1:], LAST_PORT + 1], strict=True):
        if first or protocol not in WITH_PORTS:
            yield Stretch(protocol, first, after - 1)


def _in_all(protocol: int, several: Iterable[Sequence[Stretch]]) -> bool:
    return all(any(one.protocol == protocol for one in listed) for listed in several)


def _are_ports(stretches: Iterable[Stretch]) -> bool:
    return all(one.protocol in WITH_PORTS for one in stretches)


def _is_all(stretch: Stretch) -> bool:
    return stretch.first <= 1 and stretch.last == LAST_PORT


def _range(stretch: Stretch) -> str:
    return str(stretch.first) if stretch.first == stretch.last else f"{stretch.first}-{stretch.last}"


def _messages(stretch: Stretch) -> str:
    ends = [f"{number >> 8}/{number & 255}" for number in dict.fromkeys((stretch.first, stretch.last))]
    return " to ".join(ends)
