"""What records tell of a mesh's connection beside its ends: the client's identity, the request, the port on
the wire. Of a request only what the policies ask is kept, so that few differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flowcheck.arrays import Int32, Int64, UInt8
from flowcheck.compile.mesh.circumstances import Answers, Questions
from flowcheck.flows.canonical.numbers import outer_ports
from flowcheck.flows.canonical.schema import MESH_ASKS, MESH_MARK
from flowcheck.flows.canonical.waypoints import of_waypoints, service_ports
from flowcheck.model.mesh.requests import Part

PRINCIPAL = "src_principal"
NO_PRINCIPAL = "none"
"""What stands for a client that proved nothing."""
PARTS = {
    Part.METHOD: "http_method",
    Part.PATH: "http_path",
    Part.HOST: "http_host",
    Part.SNI: "tls_server_name",
}


class Recorded(NamedTuple):
    """``principal``: a SPIFFE id, NO_PRINCIPAL, or "" where it is not told. ``request``: the answers to all
    questions about requests, as in Circumstance. ``is_http``: something of a request is told.
    ``by_waypoint``: the record is a waypoint's, of what came through it."""

    principal: str = ""
    request: Answers = ()
    is_http: bool = False
    by_waypoint: bool = False


NOTHING = Recorded()
NOT_ASKED = Questions()
"""Where no pod is in a mesh."""


class Told(NamedTuple):
    """which (flows,) int32: of ``values``. seen (flows,) int32: the port that is seen otherwise than it is
    recorded, -1 it is not: by network policies that on the wire; by a waypoint, of its own records, the
    Service's, of which -1 says that nothing tells it."""

    values: tuple[Recorded, ...]
    which: Int32
    seen: Int32

    def take(self, rows: Int64) -> Told:
        return Told(self.values, self.which[rows], self.seen[rows])

    @property
    def by_waypoint(self) -> npt.NDArray[np.bool_]:
        """(flows,)"""
        return np.array([value.by_waypoint for value in self.values], dtype=np.bool_)[self.which]


def read_told(
    batch: pa.RecordBatch, questions: Questions, turned: np.ndarray, rejected: UInt8
) -> Told | None:
    """None where the batch has no column that tells anything. turned (flows,) bool: of replies, whose columns
    tell of the other end. rejected (flows,) uint8: rows with a port that cannot be are added."""
    if {*MESH_ASKS, MESH_MARK}.isdisjoint(batch.schema.names):
        return None
    by_waypoint = of_waypoints(batch) & ~turned
    principals, of_principal = _coded(batch, PRINCIPAL)
    kinds: list[list[Any]] = [[False, True], [None, *principals]]
    codes = [by_waypoint.astype(np.int64), np.where(turned, 0, of_principal + 1)]
    for part, name in PARTS.items():
        asked = [one for one in questions.requests if one.part is part]
        texts, which = _coded(batch, name)
        answers = [None if text is None else tuple(one.matches(text) for one in asked) for text in texts]
        distinct = list(dict.fromkeys(answers))
        kinds.append(distinct)
        codes.append(np.array([distinct.index(one) for one in answers], dtype=np.int64)[which])
    rows, which = np.unique(np.stack(codes), axis=1, return_inverse=True)
    values = tuple(
        _recorded(questions, *(kind[n] for kind, n in zip(kinds, row, strict=True)))
        for row in rows.T.tolist()
    )
    return Told(
        values,
        which.ravel().astype(np.int32),
        np.where(turned, -1, np.where(by_waypoint, service_ports(batch), outer_ports(batch, rejected))),
    )


def _coded(batch: pa.RecordBatch, name: str) -> tuple[list[str | None], Int64]:
    """The distinct values of a column of text, and which of them each row has (flows,)."""
    if name not in batch.schema.names:
        return [None], np.zeros(batch.num_rows, dtype=np.int64)
    column = batch.column(name)
    column = column.cast(pa.string()) if not pa.types.is_string(column.type) else column
    encoded = column.dictionary_encode(null_encoding="encode")
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def _recorded(
    questions: Questions, by_waypoint: bool, principal: str | None, *parts: Answers | None
) -> Recorded:
    """``parts``: the answers of each of PARTS, None where nothing is told of it."""
    told = dict(zip(PARTS, map(_next_of, parts), strict=True))
    answers = tuple(next(told[one.part], None) if one.part in told else None for one in questions.requests)
    request = () if all(answer is None for answer in answers) else answers
    is_http = any(
        answer is not None for part, answer in zip(PARTS, parts, strict=True) if part is not Part.SNI
    )
    return Recorded(principal or "", request, is_http, by_waypoint)


def _next_of(answers: Answers | None) -> Iterator[bool | None]:
    return iter(answers or ())
