"""Logs -> one file of canonical Parquet: read in workers, a file each, and put together in their order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from flowcheck.errors import RunError
from flowcheck.flows.files.inputs import FileIdentity, Given, InputFile, list_inputs
from flowcheck.flows.logs.converted import Conversion
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.rows import SCHEMA
from flowcheck.runners import messages
from flowcheck.runners.fetching.ahead import Ahead
from flowcheck.runners.messages import PATIENCE, Inspect, Inspected, Setup
from flowcheck.runners.pool import Gone, Pool
from flowcheck.runners.trouble.faults import disk_as_asked
from flowcheck.runners.troubles import lost_twice
from flowcheck.temporary import NAME, temporary_folder
from flowcheck.writing import atomic_write, output_errors

SOURCE_FILE = "source_file"


@dataclass(slots=True)
class ConvertedFile:
    """One input, and what became of it: a conversion, or why there is none. ``troubles``: how processes that
    read it ended, of which it is allowed one."""

    input: InputFile
    conversion: Conversion | None = None
    failure: str = ""
    path: Path | None = None
    fetched: tuple[bytes, FileIdentity] | None = None
    troubles: list[str] = field(default_factory=list)


def run_convert(
    flows: Sequence[Given],
    asked: Asked,
    out: Path,
    *,
    jobs: int | None = None,
    cache: bool = True,
    progress: Callable[[int, int], None] | None = None,
    patience: float = PATIENCE,
) -> list[ConvertedFile]:
    """Write the rows of all logs to ``out``; what cannot be read is not in it, and is told. ``progress``
    hears of files done, and of how many there are.

    **Raises**: RunError where no file has a row; OutputError.
    """
    files = [ConvertedFile(each) for each in list_inputs(flows, asked.format)]
    wanted = [file for file in files if not file.input.skipped]
    for file in files:
        file.failure = file.input.skipped
    place = temporary_folder(out.absolute().parent, f".{NAME}")
    with disk_as_asked(), output_errors(out), place as folder:
        size = min(jobs or len(os.sched_getaffinity(0)), len(wanted))
        with Pool(size, cache) as pool, Ahead([file.input for file in wanted], folder) as ahead:
            pool.prepare(Setup(False, str(folder), None, None, (), False, asked, patience))
            _convert(wanted, pool, ahead, folder, progress or (lambda _done, _of: None))
        read = [file for file in wanted if file.conversion is not None]
        if not read:
            reasons = "; ".join(f"{file.input.name}: {file.failure}" for file in files[:5])
            raise RunError(f"nothing could be converted ({reasons})")
        atomic_write(out, partial(_join, read))
    return files


def _convert(
    files: list[ConvertedFile],
    pool: Pool,
    ahead: Ahead,
    folder: Path,
    progress: Callable[[int, int], None],
) -> None:
    waiting = deque(number for number, file in enumerate(files) if file.input.access is None)
    if ahead.descriptor is not None:
        pool.watch(ahead.descriptor)
        ahead.ask(number for number, file in enumerate(files) if file.input.access is not None)
    done = 0
    while waiting or pool.busy() or ahead.busy:
        for news in ahead.news():
            if news.error is not None:
                raise news.error
            if news.reason:
                files[news.number].failure = news.detail
                done += 1
            else:
                files[news.number].fetched = ahead.place(news.number)
                waiting.append(news.number)
        for worker in list(pool.idle()):
            if waiting:
                number = waiting.popleft()
                each, attempt = files[number].input, len(files[number].troubles)
                place = files[number].fetched or (os.fsencode(each.path), each.identity)
                pool.give(worker, Inspect(number, *place, each.keys, attempt))
        for order, answer in pool.answers(timeout=0.2):
            file = files[order.file]
            match answer:
                case messages.Advanced():
                    continue
                case Gone(begun=False):
                    waiting.appendleft(order.file)
                    continue
                case Gone():
                    file.troubles.append(answer.how)
                    if len(file.troubles) == 1:
                        waiting.appendleft(order.file)
                        continue
                    file.failure = lost_twice(file.troubles)
                case messages.Failed(reason=messages.MEMORY) if not order.attempt:
                    file.troubles.append("needed too much memory")
                    waiting.appendleft(order.file)
                    continue
                case Inspected(converted=None):
                    file.failure = "is canonical Parquet already"
                case Inspected():
                    assert answer.converted is not None
                    file.conversion = answer.converted.conversion
                    file.path = folder / answer.converted.name
                case messages.Failed():
                    file.failure = answer.detail
                case messages.Unwritable():
                    raise OSError(answer.errno, answer.detail)
            ahead.release(order.file)
            done += 1
            progress(done, len(files))


def _join(files: list[ConvertedFile], out: BinaryIO) -> None:
    """All rows in the order of the files, without the columns that none of them has a value in. One file is
    open at a time: there may be more than can be at once."""
    held: set[str] = set()
    for file in files:
        with pq.ParquetFile(file.path) as parquet:
            held.update(name for name in SCHEMA.names if name not in held and _has(parquet, name))
    names = [name for name in SCHEMA.names if name in held]
    schema = pa.schema([pa.field(SOURCE_FILE, pa.string()), *(SCHEMA.field(name) for name in names)])
    formats = sorted({file.conversion.format for file in files if file.conversion})
    schema = schema.with_metadata({"flowcheck.schema": "1", "source_format": ",".join(formats)})
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for file in files:
            with pq.ParquetFile(file.path) as parquet:
                for batch in _batches(parquet, names, file.input.name, schema):
                    writer.write_batch(batch)


def _batches(
    parquet: pq.ParquetFile, names: list[str], source: str, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    for group in range(parquet.num_row_groups):
        table = parquet.read_row_group(group, columns=names)
        rows, held = table.num_rows, set(table.column_names)
        columns = [pa.repeat(pa.scalar(source, pa.string()), rows)]
        for name in names:
            type_ = schema.field(name).type
            columns.append(table.column(name).combine_chunks() if name in held else pa.nulls(rows, type_))
        whole = pa.Table.from_arrays(columns, schema=schema)
        yield from whole.to_batches()


def _has(parquet: pq.ParquetFile, name: str) -> bool:
    """Whether a column has a value; what lacks statistics may have."""
    if name not in parquet.schema_arrow.names:
        return False
    metadata = parquet.metadata
    for group in range(metadata.num_row_groups):
        column = next(
            found
            for at in range(metadata.num_columns)
            if (found := metadata.row_group(group).column(at)).path_in_schema.split(".")[0] == name
        )
        statistics = column.statistics
        if statistics is None or statistics.null_count != column.num_values:
            return True
    return False


def ledger_of(files: Sequence[ConvertedFile]) -> list[dict[str, object]]:
    """What became of every file and record, as plain values."""
    return [
        {
            "file": file.input.name,
            "status": "converted" if file.conversion else "skipped" if file.input.skipped else "failed",
            "detail": file.failure,
            **(msgspec.to_builtins(file.conversion) if file.conversion else {}),
        }
        for file in files
    ]
