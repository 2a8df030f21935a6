"""What a task leaves: the file of its part, that of its violations, which may never be; and how that fails.

A part's file holds the sums of the task, as they come, and then what tells of them::

    edges, examples, edges, examples, ...   int64, as many as Part.sums says
    the Part                                msgpack
    the bytes of the Part                   8, little-endian
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
import pyarrow as pa

from flowcheck.arrays import Int64
from flowcheck.results.finding.examples import OF_A_PART
from flowcheck.runners.messages import Part
from flowcheck.writing import meet

COMPRESSED = pa.ipc.IpcWriteOptions(compression="lz4")
OF_AN_EDGE = 8
"""Words of 64 bits."""
_LENGTH = 8


class PartError(Exception):
    """A part could not be written."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.errno = error.errno or errno.EIO
        self.detail = os.strerror(self.errno)


@contextmanager
def part_errors() -> Iterator[None]:
    try:
        meet()
        yield
    except OSError as error:
        raise PartError(error) from error


class PartWriter:
    """Sums first, in as many pieces as there are, then the part itself."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sums: list[tuple[int, int]] = []

    def __enter__(self) -> PartWriter:
        with part_errors():
            self._file = self._path.open("wb")
        return self

    def __exit__(self, *_: object) -> None:
        with part_errors():
            self._file.close()

    def add(self, edges: Int64, examples: Sequence[Int64]) -> None:
        """Edges (n, 8), and arrays of examples, each (n, 6)."""
        with part_errors():
            for rows in (edges, *examples):
                self._file.write(rows.reshape(-1).view(np.uint8).data)
            self._sums.append((len(edges), sum(map(len, examples))))

    def finish(self, part: Part) -> None:
        """The last to be written, with how many sums there are."""
        told = msgspec.msgpack.encode(msgspec.structs.replace(part, sums=tuple(self._sums)))
        with part_errors():
            self._file.write(told + len(told).to_bytes(_LENGTH, "little"))


def read_part(file: BinaryIO) -> Part:
    """**Raises**: ValueError, msgspec.MsgspecError or OSError where it is not whole."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _LENGTH, 0))
    length = int.from_bytes(file.read(), "little")
    before = size - _LENGTH - length
    if before < 0:
        raise ValueError("a part is shorter than it says")
    file.seek(before)
    part = msgspec.msgpack.decode(file.read(length), type=Part)
    if before != 8 * sum(edges * OF_AN_EDGE + examples * OF_A_PART for edges, examples in part.sums):
        raise ValueError("a part has other sums than it says")
    return part


def read_sums(file: BinaryIO, part: Part) -> Iterator[tuple[Int64, Int64]]:
    """Piece by piece: edges (n, 8), examples (n, 6)."""
    file.seek(0)
    for n_edges, n_examples in part.sums:
        yield _read(file, n_edges, OF_AN_EDGE), _read(file, n_examples, OF_A_PART)


def _read(file: BinaryIO, n_rows: int, n_columns: int) -> Int64:
    rows = np.empty(n_rows * n_columns, dtype=np.int64)
    if file.readinto(rows.view(np.uint8).data) != rows.nbytes:  # type: ignore[attr-defined]
        raise ValueError("a part ends before its sums do")
    return rows.reshape(-1, n_columns)


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
