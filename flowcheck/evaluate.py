"""Judge batches of canonical flows against a program: rows in, the same rows with verdicts out.

``judge_batch`` is what workers call, numbers only. ``evaluate`` puts the words back, for notebooks.
Not: it does not repair a log. Who opened a connection is taken from the record.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowcheck import arrays as a
from flowcheck.arrays import FlowArrays, Judged, UInt8
from flowcheck.compile import Program
from flowcheck.errors import FlowFormatError
from flowcheck.flows.addresses import address_texts
from flowcheck.flows.ends import BAD_ADDRESS, NO_ADDRESS, End, Resolver
from flowcheck.flows.numbers import REJECTIONS, read_numbers, reject
from flowcheck.flows.schema import END_NAMES, check_schema
from flowcheck.kernels import decide
from flowcheck.model.verdict import Reason, Verdict

VERDICTS = tuple(Verdict)
REASONS = tuple(Reason)
Flows: TypeAlias = pa.Table | pa.RecordBatch | pa.RecordBatchReader


class JudgedBatch(NamedTuple):
    """rejected (flows,) uint8: an index of flows.numbers.REJECTIONS; such rows have no verdict."""

    flows: FlowArrays
    judged: Judged
    rejected: UInt8


def make_resolver(program: Program) -> Resolver:
    return Resolver(program.tables.addresses, program.by_pod, program.by_workload, program.unresolved)


def judge_batch(program: Program, resolver: Resolver, batch: pa.RecordBatch) -> JudgedBatch:
    """Judge one batch. Its schema must have passed :func:`flowcheck.flows.schema.check_schema`."""
    numbers = read_numbers(batch)
    src, dst = (resolver.resolve(batch, address, names) for address, names in END_NAMES.items())
    for end, reason in ((src, "bad_src_ip"), (dst, "bad_dst_ip")):
        reject(numbers.rejected, (end.endpoints == NO_ADDRESS) | (end.endpoints == BAD_ADDRESS), reason)
    accepted = numbers.rejected == 0
    flows = FlowArrays(
        src=np.where(accepted, src.endpoints, 0).astype(np.int32),
        dst=np.where(accepted, dst.endpoints, 0).astype(np.int32),
        protocol=numbers.protocol,
        port=numbers.port,
        judge=np.where(accepted, np.where(numbers.initiator_known, 1, 2), 0).astype(np.uint8),
        observed=numbers.observed,
        flow_count=numbers.flow_count,
        bytes_=numbers.bytes_,
        seen_at=numbers.seen_at,
    )
    judged = _empty(batch.num_rows)
    decide.judge(program.tables, flows, judged)
    if src.several or dst.several:
        _judge_several(program, flows, judged, src, dst)
    return JudgedBatch(flows, judged, numbers.rejected)


def _empty(n_rows: int) -> Judged:
    return Judged(
        egress=np.zeros(n_rows, dtype=np.int32),
        ingress=np.zeros(n_rows, dtype=np.int32),
        verdict=np.zeros(n_rows, dtype=np.uint8),
        violation=np.zeros(n_rows, dtype=np.uint8),
    )


def _judge_several(program: Program, flows: FlowArrays, judged: Judged, src: End, dst: End) -> None:
    """Rows with an end whose name stands for several endpoints: a verdict only where all agree."""
    for row in sorted({*src.several, *dst.several}):
        if flows.judge[row] != 1:
            continue
        sources = src.several.get(row, (int(flows.src[row]),))
        destinations = dst.several.get(row, (int(flows.dst[row]),))
        pairs = list(product(sources, destinations))
        repeated = [np.repeat(column[row : row + 1], len(pairs)) for column in flows]
        one = FlowArrays(*repeated)  # type: ignore[arg-type] # each keeps its own dtype
        one = one._replace(
            src=np.array([s for s, _ in pairs], dtype=np.int32),
            dst=np.array([d for _, d in pairs], dtype=np.int32),
        )
        answers = _empty(len(pairs))
        decide.judge(program.tables, one, answers)
        outcomes = np.stack([answers.egress, answers.ingress], axis=1).reshape(
            len(sources), len(destinations), 2
        )
        if (outcomes == outcomes[0, 0]).all():
            continue
        same_source = (outcomes == outcomes[:1]).all()
        reason = a.REASON_AMBIGUOUS_DST if same_source else a.REASON_AMBIGUOUS_SRC
        judged.egress[row] = judged.ingress[row] = a.UNKNOWN_DECISION + reason
        judged.verdict[row] = a.UNKNOWN
        judged.violation[row] = 0


def evaluate(program: Program, flows: Flows) -> pa.Table:
    """The same rows, in order, with what the policies say of them.

    Adds verdict, ingress_verdict, egress_verdict, reason (null unless unknown), src, dst
    (``ns/kind/name`` or address), ingress_policy, egress_policy (what decided; null: no policy applied).

    **Raises**: FlowFormatError when columns are missing or of a wrong type, or a row has a value that
    cannot be judged (an ``audit`` counts such rows instead).
    """
    schema = flows.schema
    check_schema(schema, where="flows")
    resolver = make_resolver(program)
    batches = (
        flows.to_batches()
        if isinstance(flows, pa.Table)
        else [flows]
        if isinstance(flows, pa.RecordBatch)
        else flows
    )
    done = [
        pa.Table.from_batches([_with_words(program, resolver, batch)]) for batch in batches if batch.num_rows
    ]
    if not done:
        empty = pa.RecordBatch.from_arrays([pa.array([], f.type) for f in schema], schema=schema)
        done = [pa.Table.from_batches([_with_words(program, resolver, empty)])]
    return pa.concat_tables(done).unify_dictionaries()


def _with_words(program: Program, resolver: Resolver, batch: pa.RecordBatch) -> pa.RecordBatch:
    result = judge_batch(program, resolver, batch)
    if result.rejected.any():
        row = int(np.flatnonzero(result.rejected)[0])
        raise FlowFormatError(
            f"{REJECTIONS[result.rejected[row]]}: the value cannot be judged",
            where=f"row {row} of the batch",
            hint="drop such rows, or use audit, which counts them",
        )
    for name, column in words_of(program, batch, result).items():
        batch = batch.append_column(name, column)
    return batch


def words_of(program: Program, batch: pa.RecordBatch, result: JudgedBatch) -> dict[str, pa.Array]:
    """The eight columns of words for a judged batch."""
    judged, tables = result.judged, program.tables
    egress, ingress = tables.verdict[judged.egress], tables.verdict[judged.ingress]
    reason = np.where(egress == a.UNKNOWN, tables.reason[judged.egress], tables.reason[judged.ingress])
    reason = np.where(judged.verdict == a.UNKNOWN, reason, 0)
    return {
        "verdict": _words(judged.verdict, VERDICTS),
        "ingress_verdict": _words(ingress, VERDICTS),
        "egress_verdict": _words(egress, VERDICTS),
        "reason": _words(reason, REASONS),
        "src": name_ends(program, batch, result.flows.src, "src"),
        "dst": name_ends(program, batch, result.flows.dst, "dst"),
        "ingress_policy": decision_texts(program, judged.ingress),
        "egress_policy": decision_texts(program, judged.egress),
    }


def _words(codes: np.ndarray, words: tuple[str, ...]) -> pa.DictionaryArray:
    """Codes as words; an empty word is null."""
    values = pa.array([str(word) for word in words], pa.string())
    indices = pa.array(codes.astype(np.int32), mask=np.array([not w for w in words])[codes])
    return pa.DictionaryArray.from_arrays(indices, values)


def decision_texts(program: Program, decisions: np.ndarray) -> pa.DictionaryArray:
    """What decided each row; null where no policy did."""
    distinct, codes = np.unique(decisions, return_inverse=True)
    texts = tuple(program.decisions[d].text for d in distinct)
    return _words(codes.astype(np.int32), texts) if texts else pa.array([], pa.string()).dictionary_encode()


def name_ends(program: Program, batch: pa.RecordBatch, endpoints: np.ndarray, side: str) -> pa.Array:
    """``ns/kind/name`` of each row's end, or its address, or the name it was recorded under."""
    distinct, which = np.unique(endpoints, return_inverse=True)
    known = pa.array([program.endpoint_names[e] or None for e in distinct.tolist()], pa.string())
    names = known.take(pa.array(which))
    if names.null_count:
        names = pc.coalesce(names, _address_of(batch, side), _recorded_name(batch, side))
    return names.dictionary_encode()


def _address_of(batch: pa.RecordBatch, side: str) -> pa.Array:
    name = f"{side}_ip"
    if name not in batch.schema.names:
        return pa.nulls(batch.num_rows, pa.string())
    return _empty_to_null(address_texts(batch.column(name)))


def _recorded_name(batch: pa.RecordBatch, side: str) -> pa.Array:
    """``namespace/pod``, or the workload where no pod was recorded; empty where there is nothing."""

    def texts(part: str) -> pa.Array:
        name = f"{side}_{part}"
        if name not in batch.schema.names:
            return pa.nulls(batch.num_rows, pa.string())
        return _empty_to_null(batch.column(name).cast(pa.string()))

    space = texts("namespace").fill_null("")
    end = pc.coalesce(texts("pod"), texts("workload")).fill_null("")
    both = pc.binary_join_element_wise(space, end, "/")
    return pc.if_else(pc.equal(space, ""), end, pc.if_else(pc.equal(end, ""), space, both))


def _empty_to_null(texts: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)
