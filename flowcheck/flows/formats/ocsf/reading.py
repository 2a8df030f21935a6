"""Logs of OCSF events, as JSON or as Parquet -> rows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from flowcheck.flows.formats.leaves import leaves_of
from flowcheck.flows.formats.ocsf.events import event_decoder, leaves_of_events
from flowcheck.flows.formats.ocsf.flows import rows_of
from flowcheck.flows.formats.ocsf.paths import chosen
from flowcheck.flows.formats.ocsf.table import Table
from flowcheck.flows.formats.stored import decoding
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.columns.once import Once
from flowcheck.flows.logs.counting.settling import Settling
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.text.decoding import decoded
from flowcheck.flows.logs.text.head import Head
from flowcheck.flows.logs.text.items import objects_of
from flowcheck.flows.logs.text.source import Source

_MARKS = frozenset({"activity_id", "type_uid", "metadata", "category_uid", "severity_id", "src_endpoint"})


def recognise(head: Head) -> str:
    if head.schema is not None:
        names = set(head.schema.names)
        end = head.schema.field("src_endpoint").type if "src_endpoint" in names else None
        is_one = {"class_uid", "time"} <= names and end is not None and pt.is_struct(end)
        return "it has a class_uid and structs of endpoints" if is_one else ""
    for event in head.objects:
        if isinstance(event.get("class_uid"), int) and len(_MARKS & event.keys()) >= 2:
            return "its events have a class_uid"
    return ""


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    """The rows of a log, a batch of records at a time."""
    rows = partial(rows_of, asked=asked, account=account, settling=Settling())
    once = Once()
    if source.is_parquet:
        for first, n_rows, leaves in leaves_of(source, chosen):
            account.read(n_rows)
            with decoding(source):
                batch = rows(Table(leaves, np.arange(first, first + n_rows), once))
            yield batch
        return
    for records in objects_of(source, account):
        numbers, events = [], []
        for number, text in records:
            event = decoded(event_decoder, text)
            if event is None:
                account.reject("bad_record", number)
            else:
                numbers.append(number)
                events.append(event)
        if events:
            yield rows(Table(leaves_of_events(events), np.array(numbers), once))
