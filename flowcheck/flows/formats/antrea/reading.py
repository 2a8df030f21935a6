"""Files of Antrea's records -> batches: of JSON, of Parquet, lines of values, or a listing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from flowcheck.errors import FlowFormatError
from flowcheck.flows.formats.antrea.exports import Exports
from flowcheck.flows.formats.antrea.layouts import columns_of
from flowcheck.flows.formats.antrea.records import (
    NAMES,
    Export,
    Time,
    decoder,
    document_decoder,
    export_of,
    is_record,
)
from flowcheck.flows.formats.antrea.rows import row_of
from flowcheck.flows.formats.antrea.texts import RECORD, Listing, Table, header_of, parts_of
from flowcheck.flows.formats.stored import StoredLog, decoding
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.rows import ROWS_AT_ONCE, Row, batch_of
from flowcheck.flows.logs.text.decoding import decoded, document_of
from flowcheck.flows.logs.text.head import Head
from flowcheck.flows.logs.text.source import Source
from flowcheck.flows.logs.text.wrapped import Unwrapper
from flowcheck.flows.logs.values.local_times import LocalTimes

HINT = "say --time-zone; ClickHouse writes times of its own zone, mostly UTC"
MOST_DIGITS = 12
"""Of seconds since 1970."""
Record = tuple[int, Export | None]
"""(position, the record; None for what cannot be decoded)."""


def recognise(head: Head) -> str:
    if head.is_parquet:
        names = frozenset(head.schema.names) if head.schema is not None else frozenset()
        return "it has the columns of Antrea's flows" if is_record(names) else ""
    if any(is_record(frozenset(document)) for document in head.documents):
        return "its lines have the columns of Antrea's flows"
    if _is_document(head.data):
        told = frozenset(name.decode() for name in _NAME.findall(head.data))
        return "its records have the columns of Antrea's flows" if is_record(told) else ""
    if _is_listing(head.data):
        return "it lists records of IPFIX with elements of Antrea"
    first = head.lines[0] if head.lines else ""
    if header_of(first) is not None:
        return "its header has the columns of Antrea's flows"
    return "its values are those of Antrea's flows" if columns_of(parts_of(first)) is not None else ""


_DOCUMENT = re.compile(rb'\s*(?:\[|\{\s*"meta")')
_NAME = re.compile(rb'"([A-Za-z0-9]{1,60})"')


def _is_document(data: bytes) -> bool:
    """A list of records, as the flow aggregator's API gives it out, or ClickHouse's JSON."""
    return _DOCUMENT.match(data) is not None


def _is_listing(data: bytes) -> bool:
    return RECORD.encode() in data and b"destinationServicePortName:" in data


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    """The rows of a log, some thousand records at a time.

    **Raises**: FlowFormatError for local times of a zone that nobody told.
    """
    head = source.head()
    if head.startswith(b"PAR1"):
        records = _of_parquet(source)
    elif _is_document(head):
        records = _of_document(source)
    elif _is_listing(head):
        records = _of_listing(source, account)
    else:
        records = _of_lines(source, asked, account)
    exports, local = Exports(), LocalTimes(asked.time_zone, source.path, HINT)
    while some := list(islice(records, ROWS_AT_ONCE)):
        rows = []
        for position, export in some:
            account.read()
            row = _row(position, export, local, account)
            if row is not None:
                rows.append(row)
        exports.settle(rows)
        if rows:
            yield batch_of(rows, account)


def _row(position: int, export: Export | None, local: LocalTimes, account: Account) -> Row | None:
    if export is None:
        account.reject("bad_record", position)
        return None
    row = row_of(position, export)
    if row.src_ip is None and row.dst_ip is None and export.flow_start_seconds is None:
        account.leave_out("no_flow")
        return None
    row.start_time = _microseconds(export.flow_start_seconds, local)
    row.end_time = _microseconds(export.flow_end_seconds, local)
    return row


def _microseconds(time: Time, local: LocalTimes) -> int | None:
    """Of seconds since 1970, where 0 is none, or of ClickHouse's text, mostly without a zone."""
    if not time:
        return None
    if isinstance(time, int) or time.isdecimal():
        return int(time) * 1_000_000 or None if len(str(time)) <= MOST_DIGITS else None
    try:
        found = datetime.fromisoformat(time)
    except ValueError:
        return None
    return local.microseconds(found)


def _of_lines(source: Source, asked: Asked, account: Account) -> Iterator[Record]:
    """Tabs at the ends of a line are values that are empty."""
    unwrapper, table = Unwrapper(), Table(asked.fields)
    for lines in source.lines():
        for number, text in unwrapper.unwrap(lines):
            if text.startswith(b"{"):
                yield number, decoded(decoder, text)
                continue
            whole = lines.texts[number - lines.first]
            line = (whole if whole.strip() == text else text).decode("utf-8", "replace")
            if table.is_header(line):
                account.read()
                account.leave_out("header")
                continue
            values = table.values(line)
            yield number, None if values is None else export_of(values)
    for _ in range(unwrapper.rest()):
        account.read()
        account.leave_out("cut_off")


def _of_document(source: Source) -> Iterator[Record]:
    """**Raises**: FlowFormatError where it is too long, or no JSON."""
    text = document_of(source, "let ClickHouse write FORMAT JSONEachRow")
    found = decoded(document_decoder, text)
    if found is None:
        raise FlowFormatError("begins as one document of JSON, and is none", where=source.path)
    for position, record in enumerate(found if isinstance(found, list) else found.data):
        yield position, decoded(decoder, bytes(record))


def _of_listing(source: Source, account: Account) -> Iterator[Record]:
    unwrapper, listing = Unwrapper(), Listing()
    for lines in source.lines():
        for number, text in unwrapper.unwrap(lines):
            found = listing.take(number, text.decode("utf-8", "replace"))
            if found is not None:
                yield found[0], export_of(found[1])
    if (found := listing.rest()) is not None:
        yield found[0], export_of(found[1])


def _of_parquet(source: Source) -> Iterator[Record]:
    """Texts may be bytes, and times may be times: ClickHouse writes what it is told to."""
    stored = StoredLog(source)
    columns = [name for name in stored.schema.names if name in NAMES]
    for first, batch in stored.batches(columns):
        with decoding(source):
            batch.validate(full=True)
            found = [_plain(batch.column(name)) for name in columns]
        for place, values in enumerate(zip(*found, strict=True)):
            yield first + place, export_of(dict(zip(columns, values, strict=True)))


_A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def _plain(column: pa.Array) -> list[Any]:
    """Times in seconds, bytes as text."""
    if pt.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pt.is_timestamp(column.type):
        unit = _A_SECOND[column.type.unit]
        return [None if time is None else time // unit for time in column.cast(pa.int64()).to_pylist()]
    values = column.to_pylist()
    return [value.decode("utf-8", "replace") if isinstance(value, bytes) else value for value in values]
