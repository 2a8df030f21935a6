"""The process that decodes tables: it gets them open, sees no path, and says what each adds up to.

A reader in native code can die of a bad file, so it is not the process that a person started. Run as
``python -m flowcheck.runners.verifying.tables.reader NAME=DESCRIPTOR...``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from flowcheck.errors import FlowFormatError
from flowcheck.flows.files.contained import MEMORY_LIMIT, allow_cpu, contain, silence
from flowcheck.flows.files.footer import MAX_FOOTER, read_footer
from flowcheck.results.records.findings import encodable
from flowcheck.runners.alone import leave_out_pandas
from flowcheck.runners.verifying.tables.said import Misshapen, Ready, Said, Unreadable, send
from flowcheck.runners.verifying.tables.shapes import SHAPES, misshapen
from flowcheck.runners.verifying.tables.sums import SUMS

BATCH_ROWS = 1 << 16


def main() -> None:
    """Say what each file adds up to, in the order they were given."""
    contain()
    leave_out_pandas()
    with os.fdopen(os.dup(1), "wb") as answers:
        send(answers, Ready())
        silence()
        for word in sys.argv[1:]:
            name, _, descriptor = word.partition("=")
            send(answers, read_table(name, int(descriptor)))


def read_table(name: str, descriptor: int) -> Said:
    """One file, whole: every column of it is decoded, whether or not it is added up."""
    try:
        return _read(name, descriptor)
    except FlowFormatError as error:
        return Unreadable(encodable(error.message))
    except MemoryError:
        return Unreadable(f"needs more than {MEMORY_LIMIT >> 30} GiB to decode")
    except (pa.ArrowException, OSError, UnicodeError, ValueError, KeyError, OverflowError) as error:
        said = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        return Unreadable(encodable(f"cannot be decoded: {said}"))


def _read(name: str, descriptor: int) -> Said:
    allow_cpu()
    metadata = read_footer(descriptor, os.fstat(descriptor).st_size).metadata
    with pa.OSFile(f"/proc/self/fd/{descriptor}") as source:
        file = _parquet(source, metadata, ())
        schema = file.schema_arrow
        if len(set(schema.names)) != len(schema.names):
            raise FlowFormatError("two columns have the same name")
        wrong = tuple(misshapen(SHAPES[name], schema))
        if wrong:
            return Misshapen(wrong)
        texts = [field.name for field in schema if field.type == pa.string()]
        sums = SUMS[name]()
        for batch in _batches(_parquet(source, metadata, texts)):
            sums.add(batch)
    if sums.rows != metadata.num_rows:
        raise FlowFormatError(f"{sums.rows} rows, where the footer says {metadata.num_rows}")
    said: Said = sums.said()
    return said


def _parquet(source: pa.NativeFile, metadata: pq.FileMetaData, texts: Sequence[str]) -> pq.ParquetFile:
    return pq.ParquetFile(
        source,
        metadata=metadata,
        read_dictionary=list(texts) or None,
        page_checksum_verification=True,
        thrift_string_size_limit=MAX_FOOTER,
        arrow_extensions_enabled=False,
    )


def _batches(file: pq.ParquetFile) -> Iterator[pa.Table]:
    for batch in file.iter_batches(BATCH_ROWS):
        allow_cpu()
        batch.validate(full=True)
        yield pa.Table.from_batches([batch])


if __name__ == "__main__":
    main()
