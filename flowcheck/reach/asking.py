"""Every kind asked with every other: network policies by their decision tables, a mesh as flows are.

What a pod sends to itself, and a node to its own pods, is nobody's question here: a kind stands for any of
its members.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64, Tables, UInt16, UInt32
from flowcheck.compile import Program
from flowcheck.compile.mesh.program import MeshProgram
from flowcheck.judging.asked import bare_flows
from flowcheck.judging.mesh import ask_mesh
from flowcheck.model.protocols import TCP
from flowcheck.reach.codes import bits_of
from flowcheck.reach.kinds import Kinds, circumstances
from flowcheck.reach.ports import Stretch, classes_of

MOST_ROWS = 1 << 20
"""Of questions to a mesh at a time."""


class Said(NamedTuple):
    """pairs (kinds, kinds) int64: by source and destination, which of the ``answers``; 0 is no answer, where
    the two have addresses of different families. answers (answers, stretches) uint32: see codes.py."""

    pairs: Int64
    answers: UInt32


def ask(program: Program, kinds: Kinds, stretches: Sequence[Stretch]) -> Said:
    """What is said of every pair of kinds at every stretch of ports."""
    tables = program.tables
    classes = classes_of(tables, stretches)
    out, into = _vectors(tables, kinds)
    of_mesh, decided = _ask_mesh(program, kinds, stretches)
    egress = _condensed(tables, tables.egress.decision[:, classes])
    ingress = _condensed(tables, tables.ingress.decision[:, classes])
    mesh = _condensed(tables, decided)
    sizes = len(egress.rows), len(ingress.rows), len(mesh.rows)
    places = egress.number[out], ingress.number[into], mesh.number[of_mesh]
    said = np.ravel_multi_index(places, sizes)
    distinct, which = np.unique(said, return_inverse=True)
    sides = (
        side.rows[of]
        for side, of in zip((egress, ingress, mesh), np.unravel_index(distinct, sizes), strict=True)
    )
    empty = np.zeros((1, len(stretches)), dtype=np.uint32)
    answers, number = np.unique(np.concatenate([empty, _joined(*sides)]), axis=0, return_inverse=True)
    pairs = number.ravel()[1:][which.ravel()].reshape(said.shape)
    family = kinds.family
    pairs[(family[:, None] != family[None, :]) & (family[:, None] * family[None, :] != 0)] = 0
    return Said(pairs, answers)


class _Condensed(NamedTuple):
    """number (lists,) int64: which of the rows each list of decisions is; rows (rows, stretches) uint16:
    verdict << 8 | reason of an unknown one."""

    number: Int64
    rows: UInt16


def _condensed(tables: Tables, decisions: Int32) -> _Condensed:
    """Lists of decisions (lists, stretches) by what they say, whoever says it: few are left."""
    verdict = tables.verdict[decisions].astype(np.uint16)
    reason = np.where(verdict == a.UNKNOWN, tables.reason[decisions], 0).astype(np.uint16)
    rows, number = np.unique(verdict << 8 | reason, axis=0, return_inverse=True)
    return _Condensed(number.ravel().astype(np.int64), rows)


def _vectors(tables: Tables, kinds: Kinds) -> tuple[Int64, Int64]:
    """(kinds, kinds) by source and destination: the list of decisions of egress, and of ingress."""
    ends = tables.endpoints[kinds.endpoint]
    source = 0 if tables.n_sources == 1 else int(tables.source_class[0])
    out = tables.egress.row[source][ends[:, a.EGRESS_SUBJECT]]
    into = tables.ingress.row[source][ends[:, a.INGRESS_SUBJECT]]
    going = tables.egress.vector[np.ix_(out, ends[:, a.EGRESS_PEER])]
    coming = tables.ingress.vector[np.ix_(into, ends[:, a.INGRESS_PEER])]
    return going.astype(np.int64), coming.T.astype(np.int64)


def _joined(egress: UInt16, ingress: UInt16, mesh: UInt16) -> UInt32:
    """One bit each of what three sides say, as a connection needs all of them; the first doubt."""
    verdicts = [side >> 8 for side in (egress, ingress, mesh)]
    joint = a.VERDICT[a.VERDICT[verdicts[0], verdicts[1]], verdicts[2]]
    why = np.where(verdicts[1] == a.UNKNOWN, ingress, mesh)
    why = np.where(verdicts[0] == a.UNKNOWN, egress, why)
    return bits_of(joint, (why & 0xFF).astype(np.uint8))


def _ask_mesh(program: Program, kinds: Kinds, stretches: Sequence[Stretch]) -> tuple[Int64, Int32]:
    """(kinds, kinds) which list of a mesh's decisions; the lists (lists, stretches). Only TCP is asked."""
    tcp = [place for place, one in enumerate(stretches) if one.protocol == TCP]
    n_kinds = len(kinds.endpoint)
    if program.mesh is None or not tcp:
        decisions: Int32 = np.full((1, len(stretches)), a.NO_SUBJECT, dtype=np.int32)
        return np.zeros((n_kinds, n_kinds), dtype=np.int64), decisions
    mesh = _of_nobody_in_particular(program.mesh)
    _, src, of_src = np.unique(kinds.as_source, return_index=True, return_inverse=True)
    _, dst, of_dst = np.unique(kinds.as_destination, return_index=True, return_inverse=True)
    ports = np.array([stretches[place].first for place in tcp], dtype=np.int32)
    shape = len(src), len(dst), len(ports)
    asked = np.empty(shape[0] * shape[1] * shape[2], dtype=np.int32)
    for start in range(0, len(asked), MOST_ROWS):
        rows = np.arange(start, min(start + MOST_ROWS, len(asked)))
        source, destination, port = np.unravel_index(rows, shape)
        ends = kinds.endpoint[src[source]], kinds.endpoint[dst[destination]]
        protocol = np.full(len(rows), TCP, dtype=np.uint8)
        asked[rows] = ask_mesh(mesh, bare_flows(*ends, protocol, ports[port]), None)
    lists, which = np.unique(asked.reshape(-1, shape[2]), axis=0, return_inverse=True)
    decisions = np.full((len(lists), len(stretches)), a.NO_SUBJECT, dtype=np.int32)
    decisions[:, tcp] = lists
    pairs = which.ravel().reshape(shape[:2])[np.ix_(of_src.ravel(), of_dst.ravel())]
    return pairs.astype(np.int64), decisions


def _of_nobody_in_particular(mesh: MeshProgram) -> MeshProgram:
    """The mesh, to which no pod is itself and no node its own pods'."""
    tables = {}
    for one in circumstances():
        own = mesh.under(one)
        endpoints = own.endpoints.copy()
        endpoints[:, [a.POD, a.NODE]] = -1
        tables[one] = own._replace(endpoints=endpoints)
    return replace(mesh, tables=tables)
