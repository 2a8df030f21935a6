"""Violating edges gathered: alike in all that a finding tells, or, of many ports, in all but the port."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64, UInt8
from flowcheck.compile import Program
from flowcheck.kernels.books import number_distinct
from flowcheck.model.protocols import protocol_word
from flowcheck.model.verdict import Violation
from flowcheck.results.edges import Edges
from flowcheck.results.finding.violating import deciding, untold
from flowcheck.results.records.findings import MOST_PORTS

MANY = "many"
_ANY_PORT = -2
"""In the place of a port: of those that are folded into one finding."""


class FindingKey(NamedTuple):
    """What a finding is, and what its fingerprint is made of. ``port``: MANY, where it is of many; None,
    where there is none. ``outcome_logged``: the log says what became of it."""

    kind: str
    direction: str
    source: str
    destination: str
    port: int | str | None
    protocol: str
    policies: tuple[str, ...]
    outcome_logged: bool

    @property
    def fingerprint(self) -> str:
        words = tuple(self[:-1]) if self.outcome_logged else tuple(self)
        return hashlib.sha256(repr(words).encode("utf-8", "backslashreplace")).hexdigest()[:16]


class Causes:
    """What each violating edge is a finding of, but for the port. ``rows`` (n,): the edges; ``numbers`` (n,):
    alike where kind, direction, policies, ends, protocol and what the log says are."""

    def __init__(self, program: Program, edges: Edges, codes: UInt8) -> None:
        self._program, self._codes = program, codes
        self._logged = ~untold(program, codes, edges)
        self.rows = rows = np.flatnonzero(codes)
        code, egress, ingress, mesh = (one[rows] for one in (codes, edges.egress, edges.ingress, edges.mesh))
        first, which = number_distinct(egress << a.HALF | code, ingress << a.HALF | mesh)
        decided = zip(*(each[first].tolist() for each in (code, egress, ingress, mesh)), strict=True)
        self._decided = [deciding(program, *one) for one in decided]
        self._which = np.zeros(len(codes), dtype=np.int32)
        self._which[rows] = which
        known: dict[tuple[str, tuple[str, ...]], int] = {}
        alike = [known.setdefault(made[:2], len(known)) for made in self._decided]
        cause = np.array(alike, dtype=np.int64)[which]
        words = cause << 2 | codes[rows] << 1 | self._logged[rows]
        ends = edges.source[rows] << a.HALF | edges.destination[rows]
        _, self.numbers = number_distinct(ends, words << 8 | edges.protocol[rows])

    def places_of(self, e: int) -> tuple[str, ...]:
        return self._decided[int(self._which[e])][2]

    def key_of(self, e: int, edges: Edges, *, folded: bool) -> FindingKey:
        direction, policies, _ = self._decided[int(self._which[e])]
        port, protocol = int(edges.port[e]), int(edges.protocol[e])
        return FindingKey(
            kind=str(tuple(Violation)[self._codes[e]]),
            direction=direction,
            source=self._program.groups[edges.source[e]],
            destination=self._program.groups[edges.destination[e]],
            port=MANY if folded else port if port >= 0 else None,
            protocol=protocol_word(protocol),
            policies=policies,
            outcome_logged=bool(self._logged[e]),
        )

    def group_of(self, rows: Int64) -> Int64:
        """(n,) as :attr:`Finding.group`."""
        denied = self._codes[rows] == a.FORWARDED_DENIED
        return np.where(denied, np.where(self._logged[rows], 0, 1), 2)


class Members(NamedTuple):
    """The edges of each finding: ``rows`` (n,), those of finding ``f`` from ``starts[f]`` on; ``folded``: it
    is of many ports."""

    rows: Int64
    starts: Int64
    folded: np.ndarray

    def of(self, place: int) -> Int64:
        end = self.starts[place + 1] if place + 1 < len(self.starts) else len(self.rows)
        return self.rows[self.starts[place] : end]


def members_of(rows: Int64, ports: Int64, causes: Int32) -> Members:
    """Of edges ``rows`` (n,), with their ports (n,) and what each is a finding of but for the port (n,)."""
    if not len(rows):
        nothing = np.zeros(0, dtype=np.int64)
        return Members(nothing, nothing, np.zeros(0, dtype=np.bool_))
    first, _ = number_distinct(causes.astype(np.int64), ports)
    n_ports = np.bincount(causes[first[ports[first] >= 0]], minlength=int(causes.max()) + 1)
    folds = (n_ports > MOST_PORTS)[causes] & (ports >= 0)
    _, number = number_distinct(causes.astype(np.int64), np.where(folds, _ANY_PORT, ports))
    order = np.argsort(number, kind="stable")
    starts = np.flatnonzero(np.diff(number[order], prepend=-1))
    return Members(rows[order], starts, folds[order][starts])
