"""The names of a log's columns, by which a mapping's format is recognised."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow.types as pt

from flowcheck.flows.logs.text.head import Head


def names_of(head: Head) -> Iterator[frozenset[str]]:
    """Of a Parquet file its columns; of JSON the keys of each record, those of nested objects after a dot; of
    text the values of the first line."""
    if head.schema is not None:
        fields = [field for field in head.schema if pt.is_struct(field.type)]
        nested = {f"{outer.name}.{inner.name}" for outer in fields for inner in outer.type}
        yield frozenset(head.schema.names) | nested
        return
    for document in head.objects:
        nested = {
            f"{outer}.{inner}"
            for outer, value in document.items()
            if isinstance(value, dict)
            for inner in value
        }
        yield frozenset(document) | nested
    if not head.objects and head.lines:
        yield frozenset(name.strip('" ') for name in head.lines[0].split(","))
