"""A log counted beside its edges: hours, observers, repeats, replies; mergeable, in any order."""

from __future__ import annotations

from typing import TypeVar

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck.flows.initiators import BASES
from flowcheck.judging.batch import FlowBatch

HOUR = 3_600_000_000
MOST_LISTED = 10_000
"""Observers, and hours, that are told apart; past that a log has more than anyone would count."""


class Census(msgspec.Struct):
    """Rows by how their initiator was found (``bases``, in the order of BASES); rows that report a connection
    once more; replies; rows whose recorded pod is not who has the address; rows that were sampled."""

    bases: list[int] = msgspec.field(default_factory=lambda: [0] * len(BASES))
    repeated: int = 0
    turned: int = 0
    disagreements: int = 0
    sampled: int = 0
    hours: set[int] = msgspec.field(default_factory=set)
    observers: set[str] = msgspec.field(default_factory=set)

    def count(self, batch: pa.RecordBatch, read: FlowBatch) -> None:
        """Add the judged rows of one batch."""
        flows, found = read.flows, read.initiators
        columns = (
            found.basis,
            (flows.counted == 0) | (flows.flow_count == 0),
            found.turned(),
            read.disagrees,
            flows.seen_at,
        )
        judged = flows.judge != 0
        if not judged.all():
            columns = tuple(column[judged] for column in columns)
        basis, repeated, turned, disagrees, times = columns
        if len(basis) and basis.min() == basis.max():
            self.bases[basis[0]] += len(basis)
        else:
            counts = np.bincount(basis, minlength=len(BASES))
            self.bases = [one + other for one, other in zip(self.bases, counts.tolist(), strict=True)]
        self.repeated += int(np.count_nonzero(repeated))
        self.turned += int(np.count_nonzero(turned))
        self.disagreements += int(np.count_nonzero(disagrees))
        self.sampled += _sampled(batch)
        if len(times):
            first, last = int(times.min()) // HOUR, int(times.max()) // HOUR
            hours = [first]
            if last - first > MOST_LISTED:
                hours = np.unique(times // HOUR).tolist()
            elif last > first:
                hours = (np.flatnonzero(np.bincount(times // HOUR - first)) + first).tolist()
            self.hours = _bounded(self.hours | set(hours))
        if "observer" in batch.schema.names and not pt.is_null(batch.column("observer").type):
            names = pc.unique(batch.column("observer").cast(pa.string())).to_pylist()
            self.observers = _bounded(self.observers | {name for name in names if name})

    def add(self, other: Census) -> None:
        self.bases = [one + more for one, more in zip(self.bases, other.bases, strict=True)]
        self.repeated += other.repeated
        self.turned += other.turned
        self.disagreements += other.disagreements
        self.sampled += other.sampled
        self.hours = _bounded(self.hours | other.hours)
        self.observers = _bounded(self.observers | other.observers)


T = TypeVar("T", int, str)


def _bounded(things: set[T]) -> set[T]:
    """The first of them in their order, so that it does not matter in which order parts are merged."""
    return things if len(things) <= MOST_LISTED else set(sorted(things)[:MOST_LISTED])


def _sampled(batch: pa.RecordBatch) -> int:
    """Rows that stand for more than they count."""
    if "sampling_rate" not in batch.schema.names or pt.is_null(batch.column("sampling_rate").type):
        return 0
    return pc.sum(pc.greater(batch.column("sampling_rate"), 1)).as_py() or 0
