"""Rows of a Parquet file by their number, however it is cut into row groups."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flowcheck.errors import FlowFormatError

BATCH_ROWS = 1 << 17


class RowReader:
    """Reads some columns forwards. A row group can only be decoded from its start: who asks for rows further
    on in the one that is being read gets them without it being decoded anew."""

    def __init__(
        self,
        file: pq.ParquetFile,
        row_groups: Sequence[int],
        columns: Sequence[str],
        batch_rows: int = BATCH_ROWS,
        left_out: frozenset[int] = frozenset(),
    ) -> None:
        """``batch_rows``: how many are decoded at once, at the most. Of row groups ``left_out`` no row is
        asked for."""
        self._left_out = left_out
        self._file = file
        self._columns = list(columns)
        self._batch_rows = batch_rows
        self._starts = [0, *accumulate(row_groups)]
        self._group = 0
        self._decoded: Iterator[pa.RecordBatch] = iter(())
        self._rest: pa.RecordBatch | None = None
        self._at = -1

    def read(self, first: int, n_rows: int, wanted: np.ndarray | None = None) -> pa.RecordBatch:
        """Rows ``first`` to ``first + n_rows``, or those ``wanted`` among them: (n,), ascending, counted from
        ``first``. ``n_rows`` is at least 1.

        **Raises**: FlowFormatError where the file holds other rows than it declares; pa.ArrowException.
        """
        self._seek(first)
        pieces, taken = [], 0
        while taken < n_rows:
            piece = self._next(n_rows - taken)
            piece.validate(full=True)
            begin, end = taken, taken + piece.num_rows
            if wanted is not None:
                here = wanted[np.searchsorted(wanted, begin) : np.searchsorted(wanted, end)]
                piece = piece.take(pa.array(here - begin))
            pieces.append(piece)
            taken = end
        if self._at == self._starts[-1] and (self._rest is not None or self._decode() is not None):
            raise FlowFormatError(f"declared {self._at} rows, holds more")
        return joined(pieces)

    def _seek(self, first: int) -> None:
        """Start at the row group of ``first``, unless what is being read leads there."""
        group = max(bisect_right(self._starts, first) - 1, 0)
        if not self._starts[group] <= self._at <= first:
            self._at, self._rest = self._starts[group], None
            self._group, self._decoded = group, iter(())
        while self._at < first:
            self._next(first - self._at)

    def _next(self, most: int) -> pa.RecordBatch:
        """The next rows, up to so many."""
        batch = self._rest if self._rest is not None else self._decode()
        if batch is None:
            raise FlowFormatError(f"declared {self._starts[-1]} rows, decoded {self._at}")
        self._rest = batch.slice(most) if batch.num_rows > most else None
        self._at += min(most, batch.num_rows)
        return batch.slice(0, most)

    def _decode(self) -> pa.RecordBatch | None:
        """The next rows there are, None after the last. As many row groups are opened at once as make a
        batch of :func:`cut_batches`: what is decoded past a row group's end would have to be put together
        with what it belongs to."""
        while True:
            for batch in self._decoded:
                if batch.num_rows:
                    return batch
            if self._group == len(self._starts) - 1:
                return None
            begin = self._group
            while self._group < len(self._starts) - 1:
                self._group += 1
                long = self._starts[self._group] - self._starts[begin] >= BATCH_ROWS
                if long or self._group in self._left_out:
                    break
            groups = list(range(begin, self._group))
            self._decoded = self._file.iter_batches(
                batch_size=self._batch_rows, row_groups=groups, columns=self._columns, use_threads=False
            )


def cut_batches(first: int, end: int, row_groups: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(first row, rows) of batches of up to BATCH_ROWS. They end with row groups, whose dictionaries differ
    and would have to be made one; but of small row groups there are several in one."""
    begin, group_ends = first, accumulate(row_groups)
    for group_end in group_ends:
        stop = min(group_end, end)
        if stop - begin >= BATCH_ROWS or (stop == end and stop > begin):
            for at in range(begin, stop, BATCH_ROWS):
                yield at, min(BATCH_ROWS, stop - at)
            begin = stop
        if group_end >= end:
            return


def joined(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """One batch of several, their dictionaries made one; not copied where only one has rows."""
    filled = [batch for batch in batches if batch.num_rows] or batches[:1]
    return filled[0] if len(filled) == 1 else pa.concat_batches(filled)
