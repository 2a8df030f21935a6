"""What was judged, in words: the columns that ``evaluate`` adds, and the names of ends and deciders."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowcheck import arrays as a
from flowcheck.arrays import UInt8
from flowcheck.compile import Program
from flowcheck.flows.canonical.addresses import address_texts
from flowcheck.flows.initiators import BASES, turn_round
from flowcheck.judging.batch import JudgedBatch
from flowcheck.judging.coded import in_words
from flowcheck.model.verdict import Reason, Verdict

VERDICTS = tuple(Verdict)
REASONS = tuple(Reason)
QUALITIES = ("exact", "inferred", "ambiguous", "unresolved", "external")
_QUALITY_OF_KIND = np.array([0, 0, 4, 0, 3, 2, 0, 3], dtype=np.uint8)
"""By endpoint kind: a pod, its secondary interface, a node and a Service are found, a block is outside."""


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
