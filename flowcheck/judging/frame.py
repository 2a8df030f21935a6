"""Rows in memory in, the same rows with verdicts out: what notebooks ask."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa

from flowcheck.compile import Program
from flowcheck.errors import FlowFormatError
from flowcheck.flows.canonical.columns import readable
from flowcheck.flows.canonical.frames import even_batches, frame_name, read_frame
from flowcheck.flows.canonical.numbers import REJECTIONS
from flowcheck.flows.canonical.schema import check_schema
from flowcheck.flows.ends import Resolver
from flowcheck.judging.batch import JudgedBatch, judge_batch, make_resolver
from flowcheck.judging.words import Words

ADDED = (
    *("verdict", "ingress_verdict", "egress_verdict", "reason", "src", "dst", "ingress_policy"),
    *("egress_policy", "mesh_verdict", "mesh_policy"),
    *("src_quality", "dst_quality", "initiator_basis"),
)
"""The columns that ``evaluate`` adds."""


def evaluate(program: Program, flows: object) -> pa.Table:
    """The same rows, in order, with what the policies say of them.

    ``flows``: a pandas or Polars DataFrame, a DuckDB relation, a pyarrow Table, RecordBatch,
    RecordBatchReader, Dataset or Scanner, or anything else with ``__arrow_c_stream__``, with the canonical
    columns; others are kept.

    Adds verdict, ingress_verdict, egress_verdict, reason (null unless unknown), src, dst
    (``ns/kind/name`` or address: the initiator and the responder, whichever way round the row is),
    ingress_policy, egress_policy (what decided; null: no policy applied), mesh_verdict and mesh_policy
    (a service mesh before the destination, likewise), src_quality, dst_quality (how the
    recorded end was found: exact, inferred, ambiguous, unresolved, external), initiator_basis (how the
    initiator was: record, flags, pair, listener, port, none).

    **Raises**: FlowFormatError when columns are missing or of a wrong type, or are called as those that are
    added, or a row has a value that cannot be judged (an ``audit`` counts such rows instead).
    """
    if not isinstance(program, Program):
        raise TypeError(f"evaluate takes a Program, made by compile_program, not a {type(program).__name__}")
    name = frame_name(flows)
    reader = read_frame(flows)
    check_schema(reader.schema, where=name)
    if taken := [column for column in ADDED if column in reader.schema.names]:
        raise FlowFormatError(
            f"there are columns already that evaluate adds: {', '.join(taken)}",
            where=name,
            hint="rename or drop them",
        )
    resolver = make_resolver(program)
    words = Words(program)
    whole = flows if isinstance(flows, pa.Table) else None
    given: list[pa.Table] = []
    n_rows = 0
    last: tuple[pa.RecordBatch, JudgedBatch] | None = None
    with ThreadPoolExecutor(1) as thread:
        for batch in even_batches(reader, name):
            plain = readable(batch)
            # Kernels let go of Python: each batch is judged while the one before it is put into words.
            judged = thread.submit(_judge, program, resolver, plain, (name, n_rows))
            if last is not None:
                words.add(*last)
            last = plain, judged.result()
            if whole is None or batch.schema != whole.schema:  # a table is there already, if in other chunks
                given.append(pa.Table.from_batches([batch]))
            n_rows += batch.num_rows
    if last is not None:
        words.add(*last)
    table = whole if whole is not None and not given else pa.concat_tables(given)
    table = table.unify_dictionaries()
    for added, column in words.columns():
        table = table.append_column(added, column)
    return table


def _judge(
    program: Program, resolver: Resolver, batch: pa.RecordBatch, place: tuple[str, int]
) -> JudgedBatch:
    """``place``: the name of the flows, and the number of the batch's first row in them."""
    result = judge_batch(program, resolver, batch)
    rejected = result.read.rejected
    if rejected.any():
        row = int(np.flatnonzero(rejected)[0])
        raise FlowFormatError(
            f"{REJECTIONS[rejected[row]]}: the value cannot be judged",
            where=f"{place[0]}, row {place[1] + row} (the first is 0)",
            hint="drop such rows, or use audit, which counts them",
        )
    return result
