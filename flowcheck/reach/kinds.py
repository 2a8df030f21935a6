"""Which members of parties nothing tells apart: each kind of them is asked once, whoever many there are."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import PORT_BITS, Int32, Int64
from flowcheck.compile import Program
from flowcheck.compile.mesh.circumstances import Circumstance
from flowcheck.compile.mesh.program import CARRIED, CLIENTS, MeshProgram
from flowcheck.reach.parties import Member

_NETWORK = (a.INGRESS_SUBJECT, a.INGRESS_PEER, a.EGRESS_SUBJECT, a.EGRESS_PEER)


class Kinds(NamedTuple):
    """``of``: the kind of each endpoint. Of each kind: endpoint (kinds,) int32, one that is of it, family
    (kinds,) int32, as_source and as_destination (kinds,) int64: by what a mesh tells it from others."""

    of: Mapping[int, int]
    endpoint: Int32
    family: Int32
    as_source: Int64
    as_destination: Int64


def kinds_of(program: Program, members: Sequence[Member]) -> Kinds:
    """The kinds of all members."""
    endpoints = np.array([one.endpoint for one in members], dtype=np.int32)
    family = np.array([one.family for one in members], dtype=np.int32)
    nothing = np.zeros(len(members), dtype=np.int64)
    source, destination = nothing, nothing
    if program.mesh is not None:
        source, destination = _in_mesh(program.mesh, endpoints)
    apart = np.column_stack([program.tables.endpoints[endpoints][:, _NETWORK], family, source, destination])
    _, first, of = np.unique(apart, axis=0, return_index=True, return_inverse=True)
    by_endpoint = dict(zip(endpoints.tolist(), of.ravel().tolist(), strict=True))
    return Kinds(by_endpoint, endpoints[first], family[first], source[first], destination[first])


def circumstances() -> Iterable[Circumstance]:
    """All that a mesh may be asked under where no record tells anything."""
    return (Circumstance(client, carried) for client, carried in product(CLIENTS, CARRIED))


def _in_mesh(mesh: MeshProgram, endpoints: Int32) -> tuple[Int64, Int64]:
    """What a mesh may tell each endpoint by: as the source, and as the destination."""
    ends = mesh.ends
    own = [tables.endpoints[endpoints] for tables in map(mesh.under, circumstances())]
    client, differ = ends.client[endpoints], ends.differ[endpoints]
    past = _numbered(_at(ends.past, ends.like[endpoints]))
    spoken = _numbered(
        tuple((port, int(ends.spoken[place])) for place, port in found)
        for found in _places(ends.spoken_at, ends.like[endpoints])
    )
    source = np.column_stack([*(table[:, a.INGRESS_PEER] for table in own), client, past])
    destination = np.column_stack([*(table[:, a.INGRESS_SUBJECT] for table in own), client, differ, spoken])
    return _rows(source), _rows(destination)


def _rows(columns: np.ndarray) -> Int64:
    numbers: Int64 = np.unique(columns, axis=0, return_inverse=True)[1].ravel().astype(np.int64)
    return numbers


def _numbered(values: Iterable[Hashable]) -> Int64:
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(value, len(known)) for value in values], dtype=np.int64)


def _at(places: Int64, endpoints: Int32) -> Iterable[tuple[int, ...]]:
    return (tuple(port for _, port in found) for found in _places(places, endpoints))


def _places(places: Int64, endpoints: Int32) -> Iterable[list[tuple[int, int]]]:
    """Of ascending pairs of endpoint and port those of each endpoint: where each stands, and its port."""
    wide = endpoints.astype(np.int64)
    first, last = (np.searchsorted(places, one << PORT_BITS) for one in (wide, wide + 1))
    for start, end, endpoint in zip(first.tolist(), last.tolist(), wide.tolist(), strict=True):
        yield [(place, int(places[place]) - (endpoint << PORT_BITS)) for place in range(start, end)]
