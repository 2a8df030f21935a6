"""Leaves of a Parquet log, nested ones by their paths, in batches: of a file that may be damaged or hostile.

Only what is asked for is decoded, and nothing before the footer was checked.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as pt

from flowcheck.errors import FlowFormatError
from flowcheck.flows.formats.footer import MAX_FOOTER, read_footer
from flowcheck.flows.logs.source import Source

BATCH_ROWS = 1 << 16
Leaves = dict[str, pa.Array]
LeafChooser = Callable[[frozenset[str]], Sequence[str]]
"""The paths that there are -> those to read. A group's own path reads it whole, as a map must be."""


def leaves_of(source: Source, choose: LeafChooser) -> Iterator[tuple[int, int, Leaves]]:
    """(number of the first row, rows, the leaves by path) of every batch. ``choose`` picks them of those that
    there are. Texts come as dictionaries where they are stored as such. What is made of a batch is made
    within :func:`decoding`.

    **Raises**: FlowFormatError.
    """
    with decoding(source):
        metadata = read_footer(source.descriptor, os.fstat(source.descriptor).st_size)
        yield from _batches(source, metadata, choose)


@contextmanager
def decoding(source: Source) -> Iterator[None]:
    """What goes wrong inside is the file's fault, and named after it."""
    try:
        yield
    except FlowFormatError as error:
        error.where = error.where or source.path
        raise
    except (pa.ArrowException, OSError, UnicodeError, MemoryError, KeyError) as error:
        message = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise FlowFormatError(f"cannot be decoded: {message!r}", where=source.path) from error


def _batches(
    source: Source, metadata: pq.FileMetaData, choose: LeafChooser
) -> Iterator[tuple[int, int, Leaves]]:
    paths = [metadata.schema.column(c).path for c in range(metadata.num_columns)]
    wanted = choose(frozenset(paths))
    file = pq.ParquetFile(
        source.file(),
        metadata=metadata,
        read_dictionary=_dictionaries(metadata, paths, wanted),
        page_checksum_verification=True,
        thrift_string_size_limit=MAX_FOOTER,
        arrow_extensions_enabled=False,
    )
    first = 0
    for group in range(metadata.num_row_groups):
        for batch in file.iter_batches(
            batch_size=BATCH_ROWS, row_groups=[group], columns=list(wanted), use_threads=False
        ):
            batch.validate(full=True)
            yield first, batch.num_rows, {path: _leaf(batch, path.split(".")) for path in wanted}
            first += batch.num_rows


def _dictionaries(metadata: pq.FileMetaData, paths: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Texts to keep as dictionaries; pyarrow cannot where a chunk is delta-encoded."""
    groups = [metadata.row_group(g) for g in range(metadata.num_row_groups)]
    return [
        path
        for c, path in enumerate(paths)
        if path in wanted
        and metadata.schema.column(c).physical_type == "BYTE_ARRAY"
        and not any(e.startswith("DELTA_") for group in groups for e in group.column(c).encodings)
    ]


def _leaf(batch: pa.RecordBatch, path: Sequence[str]) -> pa.Array:
    column = batch.column(path[0])
    return pc.struct_field(column, list(path[1:])) if len(path) > 1 and pt.is_struct(column.type) else column
