"""Rows that people hold in memory -> a stream of Arrow batches, whatever library they are held in.

None of those libraries is imported: they hand their rows over by Arrow's PyCapsule interface, or by a method.
Source: https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.types as pt
from pyarrow.interchange import from_dataframe

from flowcheck.errors import FlowFormatError
from flowcheck.flows.canonical.rows import BATCH_ROWS, joined

TAKEN = (
    "a pandas or Polars DataFrame, a DuckDB relation, a pyarrow Table, RecordBatch, RecordBatchReader, "
    "Dataset or Scanner, or any other object with __arrow_c_stream__"
)
_TO_ARROW = ("to_arrow_reader", "to_arrow", "to_pyarrow", "to_pyarrow_table", "toArrow")
"""Methods that return a reader or a table: a DuckDB connection, PyIceberg, Ibis, Delta Lake, Spark 4."""
_MARKS = ("__arrow_c_stream__", "__arrow_c_array__", "scanner", "to_reader", "__dataframe__", *_TO_ARROW)


def is_frame(value: object) -> bool:
    """Whether it looks like rows in memory; a class does not."""
    return not isinstance(value, type) and any(hasattr(value, mark) for mark in _MARKS)


def frame_name(flows: object) -> str:
    """What stands for a file's path where rows have none: ``<DataFrame>``."""
    return f"<{type(flows).__name__}>"


def read_frame(flows: object) -> pa.RecordBatchReader:
    """The rows, in their order, as a reader. A reader that is given is used up.

    **Raises**: FlowFormatError for what is none of :data:`TAKEN`, or has values that Arrow has no type for.
    """
    if not is_frame(flows):
        raise refused(flows)
    try:
        reader = _reader(flows)
    except (pa.ArrowException, TypeError, ValueError, NotImplementedError) as error:
        raise FlowFormatError(
            f"cannot be read as Arrow: {_first_line(error)}",
            where=frame_name(flows),
            hint="give a whole frame, each column of one type that Arrow has, addresses as text",
        ) from error
    names = reader.schema.names
    if twice := sorted({name for name in names if names.count(name) > 1}):
        where = frame_name(flows)
        raise FlowFormatError(f"two columns are called {twice[0]}", where=where, hint="rename one")
    return reader


def refused(flows: object, beside: str = "") -> FlowFormatError:
    """What to say of what is no frame; ``beside`` are the words for what else would be taken."""
    if hasattr(flows, "collect"):
        hint = "it is not computed yet: give what its collect() returns"
    elif isinstance(flows, str) or hasattr(flows, "__fspath__"):
        hint = "audit reads files; here, give pyarrow.parquet.read_table(path)"
    else:
        hint = "make a table of them, such as pandas.DataFrame(flows)"
    return FlowFormatError(f"flows are {beside}{TAKEN}; this is a {type(flows).__name__}", hint=hint)


def even_batches(reader: pa.RecordBatchReader, where: str) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of BATCH_ROWS, the last one shorter, and an empty one where there are none.

    Who opened a connection is found out within a batch, so verdicts must not depend on where others cut.
    """
    fields = [field.with_type(_plain(field.type)) for field in reader.schema]
    schema = pa.schema(fields, reader.schema.metadata)
    waiting = [pa.RecordBatch.from_arrays([pa.array([], field.type) for field in fields], schema=schema)]
    room = BATCH_ROWS
    for batch in _guarded(reader, where):
        while batch.num_rows >= room:
            yield joined([*waiting, batch.slice(0, room)])
            batch, waiting, room = batch.slice(room), [], BATCH_ROWS
        if batch.num_rows:
            waiting.append(batch)
            room -= batch.num_rows
    if waiting:
        yield joined(waiting)


def _reader(flows: object) -> pa.RecordBatchReader:
    if isinstance(flows, pa.RecordBatchReader):
        return flows
    if isinstance(flows, pa.RecordBatch):
        return pa.RecordBatchReader.from_batches(flows.schema, [flows])
    if hasattr(flows, "scanner"):
        flows = flows.scanner()
    if hasattr(flows, "to_reader"):
        return flows.to_reader()
    if hasattr(flows, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(flows)
    if hasattr(flows, "__arrow_c_array__"):
        return _reader(pa.record_batch(flows))
    for name in _TO_ARROW:
        if hasattr(flows, name):
            return _reader(getattr(flows, name)())
    return _reader(from_dataframe(flows))


def _guarded(reader: pa.RecordBatchReader, where: str) -> Iterator[pa.RecordBatch]:
    """What goes wrong while rows are fetched, such as a query that fails half-way, is the flows' fault."""
    try:
        for batch in reader:
            yield _without_views(batch)
    except (pa.ArrowException, OSError) as error:
        raise FlowFormatError(f"cannot be read to its end: {_first_line(error)}", where=where) from error


def _without_views(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Texts and lists of texts in types that all of Arrow's functions know; Polars' are views."""
    for place, field in enumerate(batch.schema):
        if (type_ := _plain(field.type)) != field.type:
            column = batch.column(place)
            if pt.is_dictionary(type_):
                words = column.dictionary.cast(type_.value_type)
                column = pa.DictionaryArray.from_arrays(column.indices, words, ordered=type_.ordered)
            batch = batch.set_column(place, field.with_type(type_), column.cast(type_))
    return batch


def _plain(type_: pa.DataType) -> pa.DataType:
    if pt.is_dictionary(type_):
        return pa.dictionary(type_.index_type, _plain(type_.value_type), type_.ordered)
    if pt.is_list(type_) or pt.is_large_list(type_):
        plain = _plain(type_.value_type)
        return type_ if plain == type_.value_type else pa.large_list(plain)
    return pa.large_string() if pt.is_string_view(type_) else type_


def _first_line(error: BaseException) -> str:
    """Of all that the error tells: Arrow names the column in a second argument."""
    return "; ".join(map(str, error.args)).splitlines()[0][:300] if str(error) else type(error).__name__
