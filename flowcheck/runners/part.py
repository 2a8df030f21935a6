"""What a task needs for its violations: the columns that only they have, and a file that may never be."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from flowcheck.errors import FlowFormatError
from flowcheck.flows.parquet import FlowFile
from flowcheck.runners.messages import Judge

COMPRESSED = pa.ipc.IpcWriteOptions(compression="lz4")


class PartError(Exception):
    """A part could not be written."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.errno = error.errno or errno.EIO
        self.detail = os.strerror(self.errno)


@contextmanager
def part_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PartError(error) from error


class OtherColumns:
    """The columns that only violations need, read up to the rows asked for, first to last.

    Batches of other columns may be cut elsewhere, so rows are found by their number in the task.
    """

    def __init__(self, file: FlowFile, task: Judge, columns: list[str]) -> None:
        self._batches = file.batches(task.row_groups, columns) if columns else None
        self._batch: pa.RecordBatch | None = None
        self._start = self._end = 0

    def join(self, start: int, judged: pa.RecordBatch, rows: np.ndarray) -> pa.RecordBatch:
        """All columns of some rows of a judged batch; ``start`` is its first row's number in the task."""
        taken = judged.take(pa.array(rows))
        if self._batches is None:
            return taken
        pieces = list(self._take(rows + start))
        others = pieces[0] if len(pieces) == 1 else pa.concat_batches([_plain(piece) for piece in pieces])
        names = [*taken.schema.names, *others.schema.names]
        return pa.RecordBatch.from_arrays([*taken.columns, *others.columns], names=names)

    def _take(self, wanted: np.ndarray) -> Iterator[pa.RecordBatch]:
        while len(wanted):
            while self._batch is None or self._end <= wanted[0]:
                assert self._batches is not None
                self._batch = next(self._batches, None)
                if self._batch is None:
                    raise FlowFormatError(f"declared a row {wanted[0]}, decoded {self._end}")
                self._start, self._end = self._end, self._end + self._batch.num_rows
            here = wanted < self._end
            yield self._batch.take(pa.array(wanted[here] - self._start))
            wanted = wanted[~here]


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Without dictionaries, which differ from batch to batch."""
    columns = [c.dictionary_decode() if pt.is_dictionary(c.type) else c for c in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


class LazyWriter:
    """An Arrow stream file that exists only if something was written. ``size``: its bytes once closed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pa.RecordBatchStreamWriter | None = None
        self.size = 0

    def __enter__(self) -> LazyWriter:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            with part_errors():
                self._writer.close()
                self.size = self._path.stat().st_size

    def write(self, batch: pa.RecordBatch) -> None:
        with part_errors():
            if self._writer is None:
                self._writer = pa.ipc.new_stream(str(self._path), batch.schema, options=COMPRESSED)
            self._writer.write_batch(batch)
