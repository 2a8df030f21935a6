"""Judge batches of canonical flows against a program: rows in, the same rows with verdicts out.

``judge_batch`` is what workers call, numbers only. ``evaluate`` puts the words back, for notebooks.
Who opened a connection is taken from the record, or found out where it does not say.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowcheck import arrays as a
from flowcheck.arrays import FlowArrays, Judged, UInt8
from flowcheck.compile import Program
from flowcheck.errors import FlowFormatError
from flowcheck.flows.canonical.addresses import address_texts
from flowcheck.flows.canonical.columns import readable
from flowcheck.flows.canonical.frames import even_batches, frame_name, read_frame
from flowcheck.flows.canonical.numbers import REJECTIONS, read_numbers, reject
from flowcheck.flows.canonical.schema import END_NAMES, check_schema
from flowcheck.flows.ends import BAD_ADDRESS, NO_ADDRESS, End, Resolver
from flowcheck.flows.initiators import BASES, Initiators, find_initiators, turn_round
from flowcheck.flows.names import NameBook
from flowcheck.judging.coded import in_words
from flowcheck.kernels import decide, lookup, translate
from flowcheck.model.verdict import Reason, Verdict

VERDICTS = tuple(Verdict)
REASONS = tuple(Reason)
QUALITIES = ("exact", "inferred", "ambiguous", "unresolved", "external")
_QUALITY_OF_KIND = np.array([0, 0, 4, 0, 3, 2, 0, 3], dtype=np.uint8)
"""By endpoint kind: a pod, its secondary interface, a node and a Service are found, a block is outside."""
ADDED = (
    *("verdict", "ingress_verdict", "egress_verdict", "reason", "src", "dst", "ingress_policy"),
    *("egress_policy", "src_quality", "dst_quality", "initiator_basis"),
)
"""The columns that ``evaluate`` adds."""


class JudgedBatch(NamedTuple):
    """rejected (flows,) uint8: an index of flows.numbers.REJECTIONS; such rows have no verdict. In ``flows``
    replies are turned round, as ``initiators`` says. disagrees (flows,) bool: a recorded pod is not who has
    the recorded address. src_inferred, dst_inferred (flows,) uint8: of the recorded ends."""

    flows: FlowArrays
    judged: Judged
    rejected: UInt8
    initiators: Initiators
    disagrees: npt.NDArray[np.bool_]
    src_inferred: UInt8
    dst_inferred: UInt8


def make_resolver(program: Program) -> Resolver:
    names = NameBook(program.by_pod, program.by_uid, program.by_workload)
    return Resolver(program.tables, names, program.places, program.beside_pod, program.unresolved)


def judge_batch(program: Program, resolver: Resolver, batch: pa.RecordBatch) -> JudgedBatch:
    """Judge one batch, such as :func:`flowcheck.flows.canonical.columns.readable` makes them."""
    numbers = read_numbers(batch)
    src, dst = (
        resolver.resolve(batch, address, names, numbers.seen_at) for address, names in END_NAMES.items()
    )
    for end, reason in ((src, "bad_src_ip"), (dst, "bad_dst_ip")):
        reject(numbers.rejected, (end.endpoints == NO_ADDRESS) | (end.endpoints == BAD_ADDRESS), reason)
    accepted = numbers.rejected == 0
    opened = find_initiators(program.tables, numbers, src, dst)
    turned = opened.turned()
    first, second = (_turned(turned, src, dst), _turned(turned, dst, src)) if turned.any() else (src, dst)
    port = np.where(turned, numbers.src_port, numbers.port)
    if len(program.tables.shared.word):
        known = np.where(opened.basis != a.BASIS_NONE, port, -1)
        asked = (numbers.protocol, known, numbers.seen_at)
        lookup.ask_ports(program.tables.shared, *asked, second.endpoints, second.inferred)
    flows = FlowArrays(
        src=np.where(accepted, first.endpoints, 0).astype(np.int32),
        dst=np.where(accepted, second.endpoints, 0).astype(np.int32),
        src_key=first.keys,
        dst_key=second.keys,
        protocol=numbers.protocol,
        src_port=np.where(turned, numbers.port, numbers.src_port),
        port=port,
        judge=np.where(accepted, np.where(opened.basis != a.BASIS_NONE, 1, 2), 0).astype(np.uint8),
        observed=numbers.observed,
        point=numbers.point,
        inferred=first.inferred | second.inferred,
        counted=np.ones(batch.num_rows, dtype=np.uint8),
        flow_count=numbers.flow_count,
        bytes_=numbers.bytes_,
        packets=numbers.packets,
        seen_at=numbers.seen_at,
    )
    judged = _judge(program, flows)
    if first.several or second.several:
        _judge_several(program, flows, judged, first, second)
    disagrees = (src.disagrees | dst.disagrees) & accepted
    src_inferred = np.where(turned, second.inferred, first.inferred)
    dst_inferred = np.where(turned, first.inferred, second.inferred)
    return JudgedBatch(flows, judged, numbers.rejected, opened, disagrees, src_inferred, dst_inferred)


def _turned(turned: npt.NDArray[np.bool_], end: End, other: End) -> End:
    """One end after replies are turned round: that of the other column where they are."""
    kept = {row: ends for row, ends in end.several.items() if not turned[row]}
    return End(
        np.where(turned, other.endpoints, end.endpoints),
        np.where(turned, other.keys, end.keys),
        np.where(turned, other.inferred, end.inferred),
        np.where(turned, other.disagrees, end.disagrees),
        {**kept, **{row: ends for row, ends in other.several.items() if turned[row]}},
    )


def _judge(program: Program, flows: FlowArrays) -> Judged:
    n_rows = len(flows.src)
    judged = Judged(
        egress=np.zeros(n_rows, dtype=np.int32),
        ingress=np.zeros(n_rows, dtype=np.int32),
        verdict=np.zeros(n_rows, dtype=np.uint8),
        violation=np.zeros(n_rows, dtype=np.uint8),
    )
    if decide.judge(program.tables, flows, judged):
        leads = np.empty(n_rows, dtype=np.int32), np.empty(n_rows, dtype=np.int32)
        translate.find_service_ports(program.tables, flows, judged.verdict, *leads)
        translate.judge_translated(program.tables, flows, *leads, judged)
    return judged


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
        answers = _judge(program, one)
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


def evaluate(program: Program, flows: object) -> pa.Table:
    """The same rows, in order, with what the policies say of them.

    ``flows``: a pandas or Polars DataFrame, a DuckDB relation, a pyarrow Table, RecordBatch,
    RecordBatchReader, Dataset or Scanner, or anything else with ``__arrow_c_stream__``, with the canonical
    columns; others are kept.

    Adds verdict, ingress_verdict, egress_verdict, reason (null unless unknown), src, dst
    (``ns/kind/name`` or address: the initiator and the responder, whichever way round the row is),
    ingress_policy, egress_policy (what decided; null: no policy applied), src_quality, dst_quality (how the
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
    done: list[pa.Table] = []
    n_rows = 0
    for batch in even_batches(reader, name):
        done.append(pa.Table.from_batches([_with_words(program, resolver, batch, (name, n_rows))]))
        n_rows += batch.num_rows
    return pa.concat_tables(done).unify_dictionaries()


def _with_words(
    program: Program, resolver: Resolver, batch: pa.RecordBatch, place: tuple[str, int]
) -> pa.RecordBatch:
    """``place``: the name of the flows, and the number of the batch's first row in them."""
    plain = readable(batch)
    result = judge_batch(program, resolver, plain)
    if result.rejected.any():
        row = int(np.flatnonzero(result.rejected)[0])
        raise FlowFormatError(
            f"{REJECTIONS[result.rejected[row]]}: the value cannot be judged",
            where=f"{place[0]}, row {place[1] + row} (the first is 0)",
            hint="drop such rows, or use audit, which counts them",
        )
    for name, column in words_of(program, plain, result).items():
        batch = batch.append_column(name, column)
    return batch


def words_of(program: Program, batch: pa.RecordBatch, result: JudgedBatch) -> dict[str, pa.Array]:
    """The columns of words for a judged batch."""
    judged, tables = result.judged, program.tables
    turned = result.initiators.turned()
    batch = turn_round(batch, turned)
    src, dst = result.flows.src, result.flows.dst
    recorded = (np.where(turned, dst, src), np.where(turned, src, dst))
    egress, ingress = tables.verdict[judged.egress], tables.verdict[judged.ingress]
    reason = np.where(egress == a.UNKNOWN, tables.reason[judged.egress], tables.reason[judged.ingress])
    reason = np.where(judged.verdict == a.UNKNOWN, reason, 0)
    return {
        "verdict": in_words(judged.verdict, VERDICTS),
        "ingress_verdict": in_words(ingress, VERDICTS),
        "egress_verdict": in_words(egress, VERDICTS),
        "reason": in_words(reason, REASONS),
        "src": name_ends(program, batch, result.flows.src, "src"),
        "dst": name_ends(program, batch, result.flows.dst, "dst"),
        "ingress_policy": decision_texts(program, judged.ingress),
        "egress_policy": decision_texts(program, judged.egress),
        "src_quality": _quality(program, recorded[0], result.src_inferred),
        "dst_quality": _quality(program, recorded[1], result.dst_inferred),
        "initiator_basis": in_words(result.initiators.basis, BASES),
    }


def _quality(program: Program, endpoints: np.ndarray, inferred: UInt8) -> pa.DictionaryArray:
    """How each end was found."""
    codes = _QUALITY_OF_KIND[program.tables.endpoints[endpoints, a.KIND]]
    return in_words(np.where((codes == 0) & (inferred != 0), 1, codes), QUALITIES)


def decision_texts(program: Program, decisions: np.ndarray) -> pa.DictionaryArray:
    """What decided each row; null where no policy did."""
    distinct, codes = np.unique(decisions, return_inverse=True)
    numbers: dict[str, int] = {}
    of_text = [numbers.setdefault(program.decisions[d].text, len(numbers)) for d in distinct]
    if not numbers:
        return pa.array([], pa.string()).dictionary_encode()
    return in_words(np.array(of_text, dtype=np.int32)[codes], tuple(numbers))


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
