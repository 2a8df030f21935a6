"""A VPC flow log, however it is stored -> canonical rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from flowcheck.flows.formats.aws.fields import READ, check, plain_name
from flowcheck.flows.formats.aws.records import Converter, Fields
from flowcheck.flows.formats.aws.text import read_text
from flowcheck.flows.formats.stored import StoredLog, decoding
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.source import Source


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    converter = Converter(account, asked.time_unit or "s")
    stored = source.is_parquet
    with decoding(source):
        for fields in _read_parquet(source) if stored else read_text(source, asked, account):
            batch = converter.batch(fields)
            if batch.num_rows:
                yield batch
    converter.tell()


def _read_parquet(source: Source) -> Iterator[Fields]:
    """The columns of a file, and those that its path tells and it has not (``action=REJECT``)."""
    log = StoredLog(source)
    check([plain_name(name) for name in log.schema.names], source.path)
    stored = {field: name for name in log.schema.names if (field := plain_name(name)) in READ}
    told = {
        field: pa.array([value.decode("utf-8", "replace")])
        for name, value in source.keys
        if (field := plain_name(name)) in READ and field not in stored and value is not None
    }
    for first, batch in log.batches(list(stored.values())):
        n = batch.num_rows
        columns = {field: batch.column(name) for field, name in stored.items()}
        once = pa.array(np.zeros(n, dtype=np.int32))
        columns |= {field: pa.DictionaryArray.from_arrays(once, value) for field, value in told.items()}
        yield Fields(columns, np.arange(first, first + n))
