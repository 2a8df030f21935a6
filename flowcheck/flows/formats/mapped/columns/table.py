"""A block on its way to canonical columns: what is known of its rows so far, and which of them are
rejected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowcheck.flows.canonical.schema import BOTH_WAYS, END_NAMES, OF_ONE_END
from flowcheck.flows.canonical.types import TIME
from flowcheck.flows.formats.mapped.columns.cells import Wrong, nulls_of
from flowcheck.flows.formats.mapped.columns.values import TYPES
from flowcheck.flows.formats.mapped.forms.blocks import Block
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.rows import RECORD

_TIMES = ("start_time", "end_time")


class Table:
    """``block``: as it was found. Times are int64 here: microseconds since 1970 UTC."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.n = len(block.positions)
        self.columns: dict[str, pa.Array] = {}
        self.reasons: dict[int, str] = {}

    def column(self, name: str) -> pa.Array:
        """One of them; nulls where nothing tells it."""
        found = self.columns.get(name)
        type_ = pa.int64() if name in _TIMES else TYPES[name]
        return pa.nulls(self.n, type_) if found is None else found

    def numbers(self, name: str, missing: int = -1) -> npt.NDArray[np.int64]:
        """A column of numbers as (n,), ``missing`` for null."""
        found: npt.NDArray[np.int64] = (
            self.column(name).cast(pa.int64()).fill_null(missing).to_numpy(zero_copy_only=False)
        )
        return found

    def put(self, name: str, values: Any, mask: Wrong | None = None) -> None:
        """A column of these values; ``mask``: where there is none."""
        self.columns[name] = pa.array(values, mask=mask).cast(TYPES[name])

    def reject(self, wrong: Wrong, reason: str) -> None:
        """The first reason that is found for a row is the one that counts."""
        for place in np.flatnonzero(wrong).tolist():
            self.reasons.setdefault(place, reason)

    def turn_round(self, these: Wrong) -> None:
        """Exchange the ends of what is an answer, and say so."""
        self.columns |= exchanged(self.columns, these, self.n)
        self.put("initiator", np.where(these, 2, self.numbers("initiator", 0)))

    def batch(self, account: Account) -> pa.RecordBatch:
        """The rows that can be used; the others are rejected."""
        for name in ("start_time", "protocol"):
            self.reject(nulls_of(self.column(name)), f"bad_{name}")
        for address, names in END_NAMES.items():
            missing = nulls_of(self.column(address))
            if missing.any():
                namespace, pod, workload, uid = (~nulls_of(self.column(name)) for name in names)
                self.reject(missing & ~uid & ~(namespace & (pod | workload)), f"bad_{address}")
        told = [RECORD, *self.columns]
        arrays = [
            pa.array(self.block.positions),
            *(column.cast(TIME) if name in _TIMES else column for name, column in self.columns.items()),
        ]
        batch = pa.RecordBatch.from_arrays(arrays, names=told)
        if not self.reasons:
            return batch
        kept = np.ones(self.n, dtype=np.bool_)
        for place in sorted(self.reasons):
            account.reject(self.reasons[place], int(self.block.positions[place]))
            kept[place] = False
        return batch.filter(pa.array(kept))


def exchanged(columns: Mapping[str, pa.Array], these: Wrong, n: int) -> dict[str, pa.Array]:
    """Those of the columns that tell of one end or way, with both exchanged in these rows; what is told of
    one alone is not told there."""
    found = {}
    chosen = pa.array(these)
    for name in OF_ONE_END:
        if name in columns:
            found[name] = pc.if_else(chosen, pa.scalar(None, columns[name].type), columns[name])
    for one, two in BOTH_WAYS:
        if one in columns or two in columns:
            a, b = (columns.get(name, pa.nulls(n, TYPES[name])) for name in (one, two))
            found[one], found[two] = pc.if_else(chosen, b, a), pc.if_else(chosen, a, b)
    return found
