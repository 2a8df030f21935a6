"""Edges in words: the rows of edges.parquet, made as they are asked for, as words take most of the memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from flowcheck.arrays import Int64, UInt8
from flowcheck.compile import Program
from flowcheck.flows.canonical.types import TIME
from flowcheck.judging.coded import in_words
from flowcheck.model.verdict import Observed, Reason, Verdict
from flowcheck.results.edges import Edges, combine_verdicts, reasons
from flowcheck.results.records.tables import EDGES_SCHEMA

AT_ONCE = 1 << 17
"""Rows that are put into words together."""


@dataclass(frozen=True, slots=True)
class EdgeRows:
    """``order`` (edges,): that of the rows, by ends, service, verdict, what was observed and decided."""

    edges: Edges
    verdict: UInt8
    reason: UInt8
    groups: tuple[str, ...]
    decisions: tuple[str, ...]
    order: Int64

    def __len__(self) -> int:
        return len(self.order)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """In the columns of EDGES_SCHEMA."""
        for start in range(0, len(self), AT_ONCE):
            yield self._batch(self.order[start : start + AT_ONCE])

    def table(self) -> pa.Table:
        return pa.Table.from_batches(self.batches(), EDGES_SCHEMA)

    def _batch(self, rows: Int64) -> pa.RecordBatch:
        edges = Edges(*(column[rows] for column in self.edges))
        columns = [
            in_words(edges.source, self.groups),
            in_words(edges.destination, self.groups),
            pa.array(edges.port.clip(0).astype(np.uint16), mask=edges.port < 0),
            pa.array(edges.protocol.astype(np.uint8)),
            in_words(self.verdict[rows], Verdict),
            in_words(self.reason[rows], Reason),
            in_words(edges.observed, Observed),
            *(pa.array(n.astype(np.uint64)) for n in (edges.flows, edges.records, edges.bytes_)),
            *(pa.array(t, TIME) for t in (edges.first_seen, edges.last_seen)),
            *(in_words(each, self.decisions) for each in (edges.egress, edges.ingress, edges.mesh)),
        ]
        cast = [column.cast(field.type) for column, field in zip(columns, EDGES_SCHEMA, strict=True)]
        return pa.RecordBatch.from_arrays(cast, schema=EDGES_SCHEMA)


def edge_rows(program: Program, edges: Edges) -> EdgeRows:
    """Those of a program's edges, in whatever order these are."""
    verdict = combine_verdicts(program, edges)
    decisions = tuple(decision.text for decision in program.decisions)
    ends, decided = _ranks(program.groups), _ranks(decisions)
    keys = (
        *(ends[edges.source], ends[edges.destination], edges.protocol),
        *(np.where(edges.port < 0, 1 << 16, edges.port), _ranks(tuple(Verdict))[verdict]),
        _ranks(tuple(Observed))[edges.observed],
        *(decided[each] for each in (edges.egress, edges.ingress, edges.mesh)),
    )
    order = np.lexsort(keys[::-1])
    return EdgeRows(edges, verdict, reasons(program, edges, verdict), program.groups, decisions, order)


def _ranks(words: tuple[str, ...]) -> Int64:
    """(words,) the place of each among all by its UTF-8, alike for those that are; "" is the last."""
    texts = [str(word).encode("utf-8", "surrogatepass") for word in words]
    places = {text: place for place, text in enumerate(sorted({*texts} - {b""}))}
    return np.array([places.get(text, len(places)) for text in texts], dtype=np.int64)
