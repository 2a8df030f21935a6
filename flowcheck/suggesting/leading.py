"""To whom a contact with a Service's address or a node's port led: everybody who may have got it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Tables
from flowcheck.judging.asked import bare_flows
from flowcheck.kernels import translate
from flowcheck.kernels.decide import TRANSLATED


class Led(NamedTuple):
    """``ends``: endpoints, each with the port there. ``translated``: a Service or a port of the node stands
    before them."""

    ends: tuple[tuple[int, int], ...]
    translated: bool = False


def lead(tables: Tables, src: int, dst: int, protocol: int, port: int, at: int) -> Led:
    """Whom a connection to ``dst`` reaches, at an instant in microseconds. Where nobody is behind an address
    of a Service's, that stands for itself, as it does when flows are judged. That several Services, or none
    of a Service's backends, may have it their judgement says: such are not asked for."""
    kind = tables.endpoints[dst, a.KIND]
    doors = tables.services.doors
    if kind != a.KIND_SERVICE and not (kind == a.KIND_NODE and doors.family[dst] != 0):
        return Led(((dst, port),))
    ends = np.array([[src], [dst]], dtype=np.int32)
    flows = bare_flows(ends[0], ends[1], np.array([protocol], np.uint8), np.array([port], np.int32))
    flows = flows._replace(seen_at=np.array([at], dtype=np.int64))
    found, host_ports = np.zeros((2, 1), dtype=np.int32)
    translate.find_service_ports(tables, flows, np.array([TRANSLATED], np.uint8), found, host_ports)
    service_port, segment = int(found[0]), int(host_ports[0])
    if service_port >= 0:
        return Led(_backends(tables, src, dst, service_port, at), True)
    if segment >= 0:
        return Led(((int(doors.host_leads[segment]), int(doors.host_port[segment])),), True)
    return Led(((dst, port),))


def _backends(tables: Tables, src: int, dst: int, service_port: int, at: int) -> tuple[tuple[int, int], ...]:
    services, client = tables.services, tables.endpoints[src]
    of = services.backends
    first, last = (int(of.first[service_port + more]) for more in (0, 1))
    place = translate.place_asked(
        services.ports.inner_local[service_port],
        services.ports.outer_local[service_port],
        services.doors.reached[dst],
        client[a.KIND],
        client[a.NODE],
    )
    asked = (of.start, of.end, of.family, of.rank, of.on_node, first, last, at, services.doors.family[dst])
    best = translate.best_rank(*asked, place)
    return tuple(
        (int(of.endpoint[b]), int(of.port[b]))
        for b in range(first, last)
        if translate.is_usable(*asked, place, best, b)
    )
