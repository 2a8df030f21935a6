"""Files of Antrea's records -> batches: JSON a line, Parquet, lines of values, or a listing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.types as pt

from flowcheck.errors import FlowFormatError
from flowcheck.flows.formats.antrea.exports import Exports
from flowcheck.flows.formats.antrea.layouts import columns_of
from flowcheck.flows.formats.antrea.records import NAMES, Export, Time, decoder, export_of, is_record
from flowcheck.flows.formats.antrea.rows import row_of
from flowcheck.flows.formats.antrea.texts import RECORD, Listing, Table, header_of, parts_of
from flowcheck.flows.formats.stored import StoredLog
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.decoding import decoded
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.head import Head
from flowcheck.flows.logs.rows import ROWS_AT_ONCE, Row, batch_of
from flowcheck.flows.logs.source import Source
from flowcheck.flows.logs.wrapped import Unwrapper

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
    if _is_listing(head.data):
        return "it lists records of IPFIX with elements of Antrea"
    first = head.lines[0] if head.lines else ""
    if header_of(first) is not None:
        return "its header has the columns of Antrea's flows"
    return "its values are those of Antrea's flows" if columns_of(parts_of(first)) is not None else ""


def _is_listing(data: bytes) -> bool:
    return RECORD.encode() in data and b"destinationServicePortName:" in data


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    """The rows of a log, some thousand records at a time.

    **Raises**: FlowFormatError for local times of a zone that nobody told.
    """
    head = source.head()
    if head.startswith(b"PAR1"):
        records = _of_parquet(source)
    elif _is_listing(head):
        records = _of_listing(source, account)
    else:
        records = _of_lines(source, asked, account)
    exports, clock = Exports(), _Clock(asked.time_zone, source.path)
    while some := list(islice(records, ROWS_AT_ONCE)):
        rows = []
        for position, export in some:
            account.read()
            row = _row(position, export, clock, account)
            if row is not None:
                rows.append(row)
        exports.settle(rows)
        if rows:
            yield batch_of(rows, account)


def _row(position: int, export: Export | None, clock: _Clock, account: Account) -> Row | None:
    if export is None:
        account.reject("bad_record", position)
        return None
    row = row_of(position, export)
    if row.src_ip is None and row.dst_ip is None and export.flow_start_seconds is None:
        account.leave_out("no_flow")
        return None
    row.start_time = clock.microseconds(export.flow_start_seconds)
    row.end_time = clock.microseconds(export.flow_end_seconds)
    return row


class _Clock:
    """Times as ClickHouse writes them: seconds since 1970, or text, mostly without a zone."""

    def __init__(self, time_zone: str, path: str) -> None:
        self._zone = ZoneInfo(time_zone) if time_zone else None
        self._path = path

    def microseconds(self, time: Time) -> int | None:
        """Of a time; 0 is none.

        **Raises**: FlowFormatError for local times of a zone that nobody told.
        """
        if not time:
            return None
        if isinstance(time, int) or time.isdecimal():
            return int(time) * 1_000_000 or None if len(str(time)) <= MOST_DIGITS else None
        try:
            found = datetime.fromisoformat(time)
        except ValueError:
            return None
        if found.tzinfo is None:
            if self._zone is None:
                raise FlowFormatError(
                    f"has times without a time zone, such as {time[:40]!r}",
                    where=self._path,
                    hint="say --time-zone; ClickHouse writes times of its own zone, mostly UTC",
                )
            found = found.replace(tzinfo=self._zone)
        return int(found.timestamp()) * 1_000_000 + found.microsecond


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
