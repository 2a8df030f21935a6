"""Rows in memory -> a temporary Parquet file that workers read as they do any other.

Row N of the file is row N of the frame. Columns that the audit does not look at are written as empty ones, so
that what is said of their names is said here too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from flowcheck.errors import FlowFormatError
from flowcheck.flows.canonical.columns import readable
from flowcheck.flows.canonical.frames import even_batches, frame_name, is_frame, read_frame, refused
from flowcheck.flows.canonical.rows import BATCH_ROWS
from flowcheck.flows.canonical.schema import COLUMNS, check_schema
from flowcheck.flows.files.inputs import FileIdentity, Given, InputFile
from flowcheck.results.violations import as_text
from flowcheck.stores.uri import StorePath
from flowcheck.temporary import temporary_folder
from flowcheck.writing import output_errors


@contextmanager
def as_inputs(flows: object, *, keep_columns: bool) -> Iterator[list[Given]]:
    """What an audit is to read for what a person gave: paths as they are, frames as files that go with the
    block.

    **Raises**: FlowFormatError for what is neither, and for a frame that has not the canonical columns;
    OutputError where there is no room for the temporary file.
    """
    given = list(_each(flows))
    n_frames = sum(is_frame(one) for one in given)
    with temporary_folder() as folder:
        inputs: list[Given] = []
        for number, one in enumerate(given, 1):
            if isinstance(one, str | Path | StorePath):
                inputs.append(one)
                continue
            name = frame_name(one) if n_frames == 1 else f"{frame_name(one)[:-1]} {number}>"
            path = folder / f"{number:06d}.parquet"
            _write(read_frame(one), name, path, keep_columns)
            inputs.append(InputFile(str(path), FileIdentity.of(path.stat()), label=name))
        yield inputs


def _each(flows: object) -> Iterator[object]:
    """One path or frame stands for a list of one; a string is never taken for a list of letters."""
    if isinstance(flows, str | os.PathLike) or is_frame(flows):
        flows = [flows]
    if isinstance(flows, Mapping) or not isinstance(flows, Iterable):
        raise refused(flows, "paths, or ")
    for one in flows:
        if not isinstance(one, str | os.PathLike) and not is_frame(one):
            raise refused(one, "paths, or ")
        yield Path(one) if isinstance(one, os.PathLike) and not isinstance(one, StorePath) else one


def _write(reader: pa.RecordBatchReader, name: str, path: Path, keep_columns: bool) -> None:
    check_schema(reader.schema, where=name)
    writer: pq.ParquetWriter | None = None
    with output_errors(path.parent, temporary=True):
        try:
            for batch in even_batches(reader, name):
                batch = _wanted(batch, keep_columns)
                writer = writer or pq.ParquetWriter(path, batch.schema, compression="lz4")
                writer.write_batch(batch, row_group_size=BATCH_ROWS)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise FlowFormatError(f"cannot be written as Parquet: {error}", where=name) from error
        finally:
            if writer is not None:
                writer.close()


def _wanted(batch: pa.RecordBatch, keep_columns: bool) -> pa.RecordBatch:
    batch = readable(batch)
    columns = [
        column if name in COLUMNS else as_text(column) if keep_columns else pa.nulls(batch.num_rows)
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
