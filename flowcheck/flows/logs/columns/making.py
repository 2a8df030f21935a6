"""Columns of numbers, codes, times and texts -> a batch of canonical columns, and what becomes of rows with a
value that does not fit: they are rejected, and they alone.

For formats that come in millions of rows: what :mod:`flowcheck.flows.logs.rows` does row by row.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flowcheck.arrays import Int64, UInt8, writable
from flowcheck.flows.canonical.numbers import LIMITS
from flowcheck.flows.canonical.times import EARLIEST, LATEST
from flowcheck.flows.canonical.types import TIME
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.rows import RECORD, SCHEMA
from flowcheck.kernels.logs import columns as kernels

Bool = npt.NDArray[np.bool_]
MISSING, WRONG = kernels.MISSING, -2
"""Stand for a value that is not there, and for one that cannot be used."""
_MOST = (1 << 63) - 1


class Making:
    """The batch that some records become. ``records``: their positions, (n,).

    The first reason that is found for a row is the one that it is rejected for.
    """

    def __init__(self, records: Int64) -> None:
        self.n, self._records = len(records), records
        self.columns: dict[str, pa.Array] = {}
        self._reasons = [""]
        self._rejected = np.zeros(self.n, dtype=np.uint8)

    def reject(self, wrong: Bool, reason: str) -> None:
        if wrong.any():
            if reason not in self._reasons:
                self._reasons.append(reason)
            self._rejected[wrong & (self._rejected == 0)] = self._reasons.index(reason)

    def put(
        self,
        name: str,
        values: Int64,
        where: Bool | None = None,
        turned: tuple[Int64, Bool] | None = None,
    ) -> None:
        """A column of whole numbers (n,), null where MISSING, and but ``where``; what does not fit is
        rejected. ``turned``: other values, and which rows have those."""
        type_ = SCHEMA.field(name).type
        low, high = LIMITS.get(name, (0, np.iinfo(type_.to_pandas_dtype()).max))
        others, are_others = turned or (values, _same(self.n, 0))
        wanted = _same(self.n, 1) if where is None else where.view(np.uint8)
        out = np.empty(self.n, dtype=type_.to_pandas_dtype())
        valid, wrong = np.empty(self.n, dtype=np.uint8), np.empty(self.n, dtype=np.uint8)
        n_missing, n_wrong = kernels.fit(
            writable(values),
            writable(others),
            are_others.view(np.uint8),
            wanted,
            low,
            min(high, _MOST),
            out,
            valid,
            wrong,
        )
        if n_wrong:
            self.reject(wrong.view(np.bool_), f"bad_{name}")
        bits = pa.py_buffer(np.packbits(valid, bitorder="little")) if n_missing else None
        self.columns[name] = pa.Array.from_buffers(type_, self.n, [bits, pa.py_buffer(out)], n_missing)

    def put_codes(self, name: str, values: npt.NDArray[np.integer], where: Bool | None = None) -> None:
        """A column of codes (n,) that are known to be some, null but ``where``."""
        mask = None if where is None or where.all() else ~where
        self.columns[name] = pa.array(values.astype(np.int8), mask=mask)

    def put_times(self, name: str, values: Int64, there: Bool) -> None:
        """A column of microseconds since 1970 (n,), null where they are not ``there``."""
        if self.n and (values.min() < EARLIEST or values.max() > LATEST):
            wrong = there & ((values < EARLIEST) | (values > LATEST))
            self.reject(wrong, f"bad_{name}")
            values = np.where(wrong, 0, values)
        self.columns[name] = pa.array(values, mask=None if there.all() else ~there).cast(TIME)

    def constant(self, name: str, value: int) -> None:
        self.columns[name] = pa.repeat(pa.scalar(value, SCHEMA.field(name).type), self.n)

    def need(self, name: str) -> None:
        """Reject the rows that do not say."""
        column = self.columns.get(name)
        if column is None:
            self.reject(np.ones(self.n, dtype=np.bool_), f"bad_{name}")
        elif column.null_count:
            self.reject(column.is_null().to_numpy(zero_copy_only=False), f"bad_{name}")

    def batch(self, account: Account) -> pa.RecordBatch:
        """The rows that can be used, their columns in the order of SCHEMA; the others are rejected."""
        columns = {RECORD: pa.array(self._records), **self.columns}
        names = [name for name in SCHEMA.names if name in columns]
        batch = pa.RecordBatch.from_arrays([columns[name] for name in names], names=names)
        if not self._rejected.any():
            return batch
        for place in np.flatnonzero(self._rejected).tolist():
            account.reject(self._reasons[self._rejected[place]], int(self._records[place]))
        return batch.filter(pa.array(self._rejected == 0))


@lru_cache(8)
def _same(n: int, value: int) -> UInt8:
    """(n,) one value, which nobody may write to: batches are mostly as long as the last."""
    return np.full(n, value, dtype=np.uint8)
