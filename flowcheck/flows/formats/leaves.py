"""Leaves of a Parquet log, nested ones by their paths, in batches: only what is asked for is decoded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck.flows.formats.stored import StoredLog, decoding
from flowcheck.flows.logs.text.source import Source

Leaves = dict[str, pa.Array]
LeafChooser = Callable[[frozenset[str]], Sequence[str]]
"""The paths that there are -> those to read. A group's own path reads it whole, as a map must be."""


def leaves_of(source: Source, choose: LeafChooser) -> Iterator[tuple[int, int, Leaves]]:
    """(number of the first row, rows, the leaves by path) of every batch. ``choose`` picks them of those that
    there are. Texts come as dictionaries where they are stored as such. What is made of a batch is made
    within :func:`flowcheck.flows.formats.stored.decoding`.

    **Raises**: FlowFormatError.
    """
    log = StoredLog(source)
    wanted = choose(frozenset(leaf_paths(log.schema)))
    for first, batch in log.batches(wanted):
        with decoding(source):
            batch.validate()
            leaves = {path: _leaf(batch, path.split(".")) for path in wanted}
            for leaf in leaves.values():
                _validate(leaf)
        yield first, batch.num_rows, leaves


def leaf_paths(fields: pa.Schema | pa.StructType, above: str = "") -> Iterator[str]:
    """Of all leaves; a map and a list are one each."""
    for place in range(len(fields.names)):
        field = fields.field(place)
        if pt.is_struct(field.type):
            yield from leaf_paths(field.type, f"{above}{field.name}.")
        else:
            yield above + field.name


def _leaf(batch: pa.RecordBatch, path: Sequence[str]) -> pa.Array:
    column = batch.column(path[0])
    return pc.struct_field(column, list(path[1:])) if len(path) > 1 and pt.is_struct(column.type) else column


def _validate(leaf: pa.Array) -> None:
    """All of its values. **Raises**: pyarrow.ArrowInvalid.

    Arrow holds each index against the end of its dictionary apart, a sixth of the time that leaves take;
    where the least and the greatest are within, in the place of nulls too, all are.
    """
    if pt.is_dictionary(leaf.type) and len(leaf):
        indices = np.frombuffer(leaf.indices.buffers()[1], leaf.type.index_type.to_pandas_dtype())
        indices = indices[leaf.offset : leaf.offset + len(leaf)]
        if indices.min() >= 0 and indices.max() < len(leaf.dictionary):
            leaf.dictionary.validate(full=True)
            return
    leaf.validate(full=True)
