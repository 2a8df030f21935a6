"""Logs of Azure, however they hold their tuples -> rows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import pyarrow as pa

from flowcheck.flows.formats.azure.tuples import STATE, is_tuple, row_of
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.counting.connections import Connections
from flowcheck.flows.logs.counting.tellers import Tellers
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.rows import ROWS_AT_ONCE, Row, batch_of
from flowcheck.flows.logs.text.decoding import decoded
from flowcheck.flows.logs.text.head import Head
from flowcheck.flows.logs.text.items import objects_of
from flowcheck.flows.logs.text.source import Source

_IN_JSON = re.compile(r'"flowTuples"\s*:\s*\[\s*"([^"]*)"')


class Tuples(msgspec.Struct, gc=False):
    """Tuples under one rule, of a network interface or of a rule."""

    mac: str | None = None
    flowTuples: list[str] | None = None  # noqa: N815 - the names they have


class Flows(msgspec.Struct, gc=False):
    flows: list[Tuples] | None = None
    flowGroups: list[Tuples] | None = None  # noqa: N815


class Held(msgspec.Struct, gc=False):
    flows: list[Flows] | None = None


class Record(msgspec.Struct, gc=False):
    """``flowRecords``: of a virtual network; ``properties``: of a security group."""

    macAddress: str | None = None  # noqa: N815
    flowRecords: Held | None = None  # noqa: N815
    properties: Held | None = None


class Document(Record, gc=False):
    """A record alone, or some of them."""

    records: list[Record] | None = None


_decoder = msgspec.json.Decoder(Document)


def recognise(head: Head) -> str:
    if head.is_parquet:
        return ""
    texts = [*head.lines, head.data.decode(errors="replace")]
    if any(is_tuple(found[1]) for text in texts if (found := _IN_JSON.search(text)) is not None):
        return "its records have flowTuples"
    first = next((line for line in head.lines if not line.startswith("#")), "")
    return "its lines are flow tuples" if is_tuple(first) else ""


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    """The rows of a log, some thousands at a time. A record is a tuple; its position is the number of its
    line, or its own where they stand in documents."""
    connections, tellers = Connections(), Tellers(frozenset({STATE}))
    rows: list[Row] = []
    for number, text, observer in _tuples(source, account):
        row = row_of(text, number, observer, asked.time_unit)
        if row is None:
            account.reject("bad_record", number)
            continue
        rows.append(row)
        if len(rows) == ROWS_AT_ONCE:
            yield _settled(rows, connections, tellers, account)
            rows = []
    if rows:
        yield _settled(rows, connections, tellers, account)


def _settled(rows: list[Row], connections: Connections, tellers: Tellers, account: Account) -> pa.RecordBatch:
    connections.settle(rows)
    tellers.settle(rows)
    return batch_of(rows, account)


def _tuples(source: Source, account: Account) -> Iterator[tuple[int, str, str | None]]:
    """(position, text, who saw it) of every tuple, read by the account."""
    documents, position = Account(), 0
    for records in objects_of(source, documents):
        for number, text in records:
            if text.startswith(b"#"):
                continue
            if not text.startswith(b"{"):
                account.read()
                yield number, text.strip(b' "').decode(errors="replace"), None
                continue
            document = decoded(_decoder, text)
            tuples = [] if document is None else list(_held(document))
            account.read(len(tuples) or 1)
            if document is None:
                account.reject("bad_record", position)
            elif not tuples:
                account.leave_out("no_flow")
            for one, observer in tuples:
                yield position, one, observer
                position += 1
            position += not tuples
    for reason, n in documents.left_out.items():
        account.read(n)
        account.leave_out(reason, n)


def _held(document: Document) -> Iterator[tuple[str, str | None]]:
    for record in document.records or [document]:
        for held in (record.flowRecords, record.properties):
            for flows in (held.flows if held is not None else None) or ():
                for some in (*(flows.flows or ()), *(flows.flowGroups or ())):
                    for text in some.flowTuples or ():
                        yield text, some.mac or record.macAddress or None
