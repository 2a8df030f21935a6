"""Questions to the mesh's part of a compiled program, about ends that have been found."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from flowcheck.arrays import INGRESS_PEER, INGRESS_SUBJECT, PORT_BITS, FlowArrays
from flowcheck.compile.mesh.ends import EITHER, HTTP
from flowcheck.compile.mesh.program import MeshProgram
from flowcheck.explaining.ends import Candidate
from flowcheck.explaining.mesh.told import Telling
from flowcheck.judging.asked import bare_flows
from flowcheck.judging.mesh import ask_mesh, carried_as
from flowcheck.judging.told import Told
from flowcheck.model.mesh.requests import Carried


class Comes(NamedTuple):
    """A connection between endpoints: whom the client dialled at which port, and where it ended."""

    src: int
    dialled: int
    dialled_port: int
    dst: int
    port: int


def decisions_of(
    mesh: MeshProgram, pairs: Sequence[Comes], protocol: int, telling: Telling
) -> tuple[list[int], list[tuple[Carried, ...]]]:
    """The decision of each, as the program numbers them, and for what the proxy may take it."""
    if not pairs:
        return [], []
    flows = _flows([(one.src, one.dst, one.port) for one in pairs], protocol)
    dialled = _flows([(one.src, one.dialled, one.dialled_port) for one in pairs], protocol)
    values, which = (telling.as_recorded(mesh.questions),), np.zeros(len(pairs), dtype=np.int32)
    seen = [one.dialled_port if telling.by_waypoint else -1 for one in pairs]
    told = Told(values, which, np.array(seen, dtype=np.int32))
    carried = carried_as(mesh, dialled, values, which).tolist()
    return ask_mesh(mesh, flows, told, dialled).tolist(), [_ways(one) for one in carried]


def _ways(carried: int) -> tuple[Carried, ...]:
    if carried == EITHER:
        return (Carried.TCP, Carried.HTTP)
    return (Carried.HTTP if carried == HTTP else Carried.TCP,)


def _flows(ends: Sequence[tuple[int, int, int]], protocol: int) -> FlowArrays:
    src, dst, port = (np.array(column, dtype=np.int32) for column in zip(*ends, strict=True))
    return bare_flows(src, dst, np.full(len(ends), protocol, dtype=np.uint8), port)


def seen_by(mesh: MeshProgram, end: Candidate) -> Iterator[Hashable]:
    """What a mesh may tell an end by: who has all of it alike is treated alike."""
    ends, endpoint = mesh.ends, end.endpoint
    yield end.pod.mesh if end.pod is not None else None
    yield int(ends.client[endpoint])
    yield int(ends.own[endpoint])
    yield int(ends.differ[endpoint])
    for tables in mesh.tables.values():
        yield tuple(tables.endpoints[endpoint, [INGRESS_SUBJECT, INGRESS_PEER]].tolist())
    first, last = np.searchsorted(ends.spoken_at, [endpoint << PORT_BITS, endpoint + 1 << PORT_BITS])
    ports = ends.spoken_at[first:last] - (endpoint << PORT_BITS)
    yield (*ports.tolist(), *ends.spoken[first:last].tolist())
