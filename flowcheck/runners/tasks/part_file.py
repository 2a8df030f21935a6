"""How a task writes what it leaves: the file of its violations, which may never be; and how that fails."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pyarrow as pa

from flowcheck.runners.messages import Part
from flowcheck.writing import meet

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
        meet()
        yield
    except OSError as error:
        raise PartError(error) from error


def leave_part(stem: Path, part: Part) -> None:
    """Write down what a task found."""
    encoded = msgspec.msgpack.encode(part)
    with part_errors():
        stem.with_suffix(".part").write_bytes(encoded)


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
