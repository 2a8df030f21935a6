"""What becomes of the rows of one task that are not judged; and that its sums stay within what can be."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flowcheck.arrays import Int64, UInt8
from flowcheck.errors import FlowFormatError
from flowcheck.flows.canonical.numbers import REJECTIONS
from flowcheck.flows.logs.rows import RECORD
from flowcheck.judging.batch import FlowBatch
from flowcheck.results.records.ledger import Rejected

POSITIONS_KEPT = 10
MOST_IN_A_TASK = 1 << 56
"""Bytes, or flows, of one task: past any that can be meant, and far from where their sums would wrap."""
FAR_FROM_MOST = 1 << 40
"""Of one batch, of which a task has some dozens."""


class Accounts:
    """``filtered``: rows outside --since, --until or --namespace."""

    def __init__(self) -> None:
        self._rejected: Counter[int] = Counter()
        self._positions: dict[int, list[int]] = {}
        self._bounds = {"bytes": 0, "flow_count": 0, "packets": 0}
        self.filtered = 0

    def take(self, read: FlowBatch, batch: pa.RecordBatch, first_row: int) -> None:
        """One batch, as recorded and as read.

        **Raises**: FlowFormatError for sums that could wrap."""
        self._reject(read.rejected, batch, first_row)
        self._bound(read)

    def _reject(self, rejected: UInt8, batch: pa.RecordBatch, first_row: int) -> None:
        for code in np.unique(rejected[rejected != 0]).tolist():
            rows = np.flatnonzero(rejected == code)
            self._rejected[code] += len(rows)
            kept = self._positions.setdefault(code, [])
            kept += positions(batch, rows[: POSITIONS_KEPT - len(kept)], first_row).tolist()

    def _bound(self, read: FlowBatch) -> None:
        """Refuse sums that could wrap. Rounding does no harm here."""
        counted = read.flows.judge != 0
        columns = read.flows.bytes_, read.flows.flow_count, read.flows.packets
        for what, column in zip(self._bounds, columns, strict=True):
            self._bounds[what] += _about(column, counted)
            if self._bounds[what] > MOST_IN_A_TASK:
                raise FlowFormatError(f"{what} adds up to more than any network can carry")

    def rejected(self) -> tuple[Rejected, ...]:
        """Of the whole task."""
        return tuple(
            Rejected(reason=REJECTIONS[code], rows=count, first_rows=tuple(self._positions[code]))
            for code, count in sorted(self._rejected.items())
        )


def positions(batch: pa.RecordBatch, rows: npt.NDArray[np.integer[Any]], first_row: int) -> Int64:
    """Which rows of their file, or which records of their log, some rows (n,) of a batch are."""
    if RECORD in batch.schema.names:
        records: Int64 = batch.column(RECORD).take(pa.array(rows)).to_numpy(zero_copy_only=False)
        return records
    return rows + np.int64(first_row)


def _about(values: Int64, counted: npt.NDArray[np.bool_]) -> int:
    """The sum of the values (n,) that are counted; too much where that is far from any limit, since to look
    for the greatest takes a tenth of the time."""
    most = int(values.max(initial=0)) * len(values)
    return most if most < FAR_FROM_MOST else int(values[counted].sum(dtype=np.float64))
