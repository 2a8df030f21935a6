"""Which columns each table should have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

from flowcheck.balance.tell.tables import LOAD_SCHEMA, SERVICES_SCHEMA
from flowcheck.results.records.tables import EDGES_SCHEMA, HITS_SCHEMA, VIOLATIONS_SCHEMA
from flowcheck.runners.verifying.tables.said import Column


class Shape(NamedTuple):
    """``extra``: columns of the log may follow, as text, sorted by name (``--keep-columns``)."""

    schema: pa.Schema
    extra: bool = False


SHAPES = {
    "edges.parquet": Shape(EDGES_SCHEMA),
    "policy_hits.parquet": Shape(HITS_SCHEMA),
    "violations.parquet": Shape(VIOLATIONS_SCHEMA, extra=True),
    "services.parquet": Shape(SERVICES_SCHEMA),
    "load.parquet": Shape(LOAD_SCHEMA),
}


def misshapen(shape: Shape, found: pa.Schema) -> Iterator[Column]:
    """Columns of another type, missing ones, and ones too many; or their names, where only those are in
    another order."""
    own = {field.name: field.type for field in shape.schema}
    there = {field.name: field.type for field in found}
    wrong = False
    for name in (*own, *(name for name in there if name not in own)):
        expected = own.get(name, pa.string() if shape.extra else None)
        if expected != there.get(name):
            wrong = True
            yield Column(name, _text(expected), _text(there.get(name)))
    order = [*own, *sorted(set(there) - set(own))]
    if not wrong and found.names != order:
        yield Column("their order", ", ".join(order), ", ".join(found.names))


def _text(type_: pa.DataType | None) -> str | None:
    return None if type_ is None else str(type_)
