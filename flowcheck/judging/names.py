"""Names of ends, as codes: ``ns/kind/name``, or the address, or the name that was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from flowcheck.arrays import Int32
from flowcheck.compile import Program
from flowcheck.flows.canonical.addresses import address_texts
from flowcheck.flows.canonical.schema import END_NAMES
from flowcheck.flows.initiators import turn_round
from flowcheck.judging.vocabulary import NULL, Known, Vocabulary

_NAMES = tuple(name for names in END_NAMES.values() for name in names)


class EndNames(Vocabulary):
    """The names of one end (``side`` is src or dst) of all rows."""

    def __init__(self, program: Program, side: str) -> None:
        super().__init__()
        names = program.endpoint_names
        self._side = side
        self._endpoints = Known(self, len(names), lambda met: (names[e] or None for e in met.tolist()))
        self._addresses: tuple[pa.Array, Known] | None = None

    def codes(self, batch: pa.RecordBatch, endpoints: Int32, turned: npt.NDArray[np.bool_]) -> Int32:
        """(n,) of each row. ``batch`` is as it was recorded; ``turned`` (n,): the rows that are replies."""
        codes = self._endpoints.codes(endpoints)
        address = f"{self._side}_ip"
        if len(rows := np.flatnonzero(codes == NULL)):
            ends = _ends(batch, tuple(END_NAMES), rows, turned)
            if address in ends.schema.names:
                codes[rows] = self._of_addresses(ends.column(address))
        if len(rows := np.flatnonzero(codes == NULL)):
            recorded = _recorded_name(_ends(batch, _NAMES, rows, turned), self._side).dictionary_encode()
            codes[rows] = self.number(recorded.dictionary.to_pylist()).take(recorded.indices.to_numpy())
        return codes

    def _of_addresses(self, column: pa.Array) -> Int32:
        """(n,) of a column of addresses. Batches mostly share a dictionary: the last one's is kept."""
        if not pt.is_dictionary(column.type):
            column = column.cast(pa.string()) if pt.is_null(column.type) else column
            column = column.dictionary_encode()
        words = column.dictionary
        if self._addresses is None or not self._addresses[0].equals(words):
            self._addresses = (
                words,
                Known(self, len(words), lambda met: _addresses(words.take(pa.array(met)))),
            )
        codes: Int32 = np.full(len(column), NULL, dtype=np.int32)
        there = np.flatnonzero(column.is_valid())
        codes[there] = self._addresses[1].codes(column.indices.take(pa.array(there)).to_numpy())
        return codes


def name_ends(program: Program, batch: pa.RecordBatch, endpoints: Int32, side: str) -> pa.Array:
    """The name of each row's end; of the rows none is a reply."""
    names = EndNames(program, side)
    return names.column([names.codes(batch, endpoints, np.zeros(batch.num_rows, dtype=np.bool_))]).chunk(0)


def _ends(
    batch: pa.RecordBatch, names: Sequence[str], rows: npt.NDArray[np.int64], turned: npt.NDArray[np.bool_]
) -> pa.RecordBatch:
    """Of some rows those columns that there are, turned round."""
    columns = batch.select([name for name in names if name in batch.schema.names])
    return turn_round(columns.take(pa.array(rows)), turned[rows])


def _addresses(values: pa.Array) -> Iterable[str | None]:
    return (text or None for text in address_texts(values).to_pylist())


def _recorded_name(batch: pa.RecordBatch, side: str) -> pa.Array:
    """``namespace/pod``, or the workload where no pod was recorded, or the uid; empty where there is none."""

    def texts(part: str) -> pa.Array:
        name = f"{side}_{part}"
        if name not in batch.schema.names:
            return pa.nulls(batch.num_rows, pa.string())
        return _empty_to_null(batch.column(name).cast(pa.string()))

    space = texts("namespace").fill_null("")
    end = pc.coalesce(texts("pod"), texts("workload")).fill_null("")
    both = pc.binary_join_element_wise(space, end, "/")
    named = pc.if_else(pc.equal(space, ""), end, pc.if_else(pc.equal(end, ""), space, both))
    return pc.if_else(pc.equal(named, ""), texts("pod_uid").fill_null(""), named)


def _empty_to_null(texts: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)
