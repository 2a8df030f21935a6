"""A VPC flow log, however it is stored -> canonical rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from flowcheck.flows.formats.aws.fields import READ, check, plain_name
from flowcheck.flows.formats.aws.needed import lacks_ends, needed_first
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
    read = [*stored, *told]
    needed, begin = needed_first(read), 0
    while True:
        for first, columns, n in _columns(log, stored, told, needed, begin):
            if needed is not read and lacks_ends(columns):
                needed, begin = read, first
                break
            yield Fields(columns, np.arange(first, first + n))
        else:
            return


def _columns(
    log: StoredLog, stored: dict[str, str], told: dict[str, pa.Array], needed: list[str], begin: int
) -> Iterator[tuple[int, dict[str, pa.Array], int]]:
    """(number of the first row, the needed columns of some rows, how many they are), from ``begin`` on."""
    names = {field: stored[field] for field in needed if field in stored}
    for first, batch in log.batches(list(names.values()), begin):
        once = pa.array(np.zeros(batch.num_rows, dtype=np.int32))
        columns = {field: batch.column(name) for field, name in names.items()}
        columns |= {
            field: pa.DictionaryArray.from_arrays(once, told[field]) for field in needed if field in told
        }
        yield first, columns, batch.num_rows
