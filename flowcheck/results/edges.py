"""Distinct edges: counted by kernels while rows stream by, put into words once at the end.

An edge is source group, destination group, the two decisions, port, protocol and what was observed.
Everything a report says of flows is a sum over edges, so memory grows with the edges and never with the rows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64, Judged, UInt8
from flowcheck.compile import Program
from flowcheck.kernels import edges as kernels

PORT = (1 << a.AT_PROTOCOL) - 1
"""The bits of KEY_SERVICE that hold the port + 1."""


class EdgeTable:
    """A growing table of edges. Sums are integers, so the order of adding does not matter."""

    def __init__(self, room: int = 1 << 11) -> None:
        self._make(room)

    def _make(self, room: int) -> None:
        self._rows = np.empty((room, 8), dtype=np.int64)
        self._slots = np.zeros(1 << (2 * room - 1).bit_length(), dtype=np.int32)
        self._used = 0

    def __len__(self) -> int:
        return self._used

    def count(self, endpoints: Int32, keys: Int64, egress: Int32, arrivals: Int32) -> None:
        """Add keys of flows (n, 10), and what was said of each: the decision at the source, and those at the
        destination as ``Program.arrivals`` has them."""
        start = 0
        while True:
            book = (self._slots, self._rows, self._used)
            found = kernels.count_keys(*book, endpoints, keys, egress, arrivals, start)
            self._used, start = int(found[0]), int(found[1])
            if start == len(keys):
                return
            self._grow()

    def merge(self, entries: Int64) -> None:
        """Add the entries (n, 8) of another table."""
        start = 0
        while True:
            self._used, start = kernels.merge(self._slots, self._rows, self._used, entries, start)
            if start == len(entries):
                return
            self._grow()

    def clear(self) -> None:
        """Forget all of them; the room stays."""
        self._slots[:] = 0
        self._used = 0

    def entries(self) -> Int64:
        """(edges, 8) int64, columns as in :mod:`flowcheck.arrays`, in the order of their coming; a view."""
        used: Int64 = self._rows[: self._used]
        return used

    def take(self) -> Int64:
        """The entries, for good: the table is empty afterwards."""
        entries = self.entries()
        self._make(1)
        return entries

    def _grow(self) -> None:
        old = self.entries()
        self._make(2 * len(old))  # no page of it is held before it is filled
        self._used, _ = kernels.merge(self._slots, self._rows, 0, old, 0)


class Edges(NamedTuple):
    """Entries taken apart, each (edges,). port is -1 where none was recorded."""

    source: Int64
    destination: Int64
    egress: Int64
    ingress: Int64
    mesh: Int64
    observed: Int64
    protocol: Int64
    port: Int64
    records: Int64
    flows: Int64
    bytes_: Int64
    first_seen: Int64
    last_seen: Int64


def take_apart(program: Program, entries: Int64) -> Edges:
    """Unpack the three key words, as kernels/words.py packs them."""
    groups, decisions, service = (entries[:, c] for c in (a.KEY_GROUPS, a.KEY_DECISIONS, a.KEY_SERVICE))
    ingress, mesh = program.apart(decisions & a.LOW_WORD)
    return Edges(
        source=groups >> a.HALF,
        destination=groups & a.LOW_WORD,
        egress=decisions >> a.HALF,
        ingress=ingress,
        mesh=mesh,
        observed=(service >> a.AT_OBSERVED) & 15,
        protocol=(service >> a.AT_PROTOCOL) & 255,
        port=(service & PORT) - 1,
        records=entries[:, a.RECORDS],
        flows=entries[:, a.FLOWS],
        bytes_=entries[:, a.BYTES],
        first_seen=entries[:, a.FIRST_SEEN],
        last_seen=entries[:, a.LAST_SEEN],
    )


def pairs(one: Int32, other: Int32) -> Int64:
    """KEY_GROUPS of two groups each, as kernels/words.py packs them."""
    return one.astype(np.int64) << a.HALF | other


def decisions_of(program: Program, judged: Judged) -> Int64:
    """KEY_DECISIONS of each flow, likewise."""
    return pairs(judged.egress, program.arrivals(judged.ingress, judged.mesh))


def service_words(protocol: UInt8, port: Int32, observed: UInt8) -> Int64:
    """KEY_SERVICE of each flow without observation point and quality, likewise."""
    said = observed.astype(np.int64) << a.AT_OBSERVED | protocol.astype(np.int64) << a.AT_PROTOCOL
    return np.int64(1) << a.AT_USED | said | (port.astype(np.int64) + 1)


def combine_verdicts(program: Program, edges: Edges) -> UInt8:
    """(edges,) the verdict of each."""
    egress, ingress, mesh = (
        program.tables.verdict[side] for side in (edges.egress, edges.ingress, edges.mesh)
    )
    return a.VERDICT[a.VERDICT[egress, ingress], mesh]


def reasons(program: Program, edges: Edges, verdict: UInt8) -> UInt8:
    """(edges,) why the verdict is unknown, egress before ingress before the mesh; 0 where it is not."""
    verdicts = program.tables.verdict
    at_destination = np.where(verdicts[edges.ingress] == a.UNKNOWN, edges.ingress, edges.mesh)
    decision = np.where(verdicts[edges.egress] == a.UNKNOWN, edges.egress, at_destination)
    return np.where(verdict == a.UNKNOWN, program.tables.reason[decision], 0).astype(np.uint8)
