"""Judge batches of canonical flows against a program, numbers only: what workers call.

Who opened a connection is taken from the record, or found out where it does not say.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flowcheck import arrays as a
from flowcheck.arrays import FlowArrays, Judged, UInt8
from flowcheck.compile import Program
from flowcheck.flows.addresses import BAD_ADDRESS, NO_ADDRESS
from flowcheck.flows.canonical.numbers import read_numbers, reject
from flowcheck.flows.canonical.schema import END_NAMES
from flowcheck.flows.ends import Ends, Resolver
from flowcheck.flows.initiators import Initiators, find_initiators
from flowcheck.flows.names import NameBook
from flowcheck.kernels import decide, lookup, translate


class JudgedBatch(NamedTuple):
    """rejected (flows,) uint8: an index of flows.canonical.numbers.REJECTIONS; such rows have no verdict. In
    ``flows`` replies are turned round, as ``initiators`` says. disagrees (flows,) bool: a recorded pod is
    not who has the recorded address. src_inferred, dst_inferred (flows,) uint8: of the recorded ends."""

    flows: FlowArrays
    judged: Judged
    rejected: UInt8
    initiators: Initiators
    disagrees: npt.NDArray[np.bool_]
    src_inferred: UInt8
    dst_inferred: UInt8


def make_resolver(program: Program) -> Resolver:
    names = NameBook(program.by_pod, program.by_uid, program.by_workload)
    return Resolver(program.tables, names, program.address_of, program.beside_pod, program.unresolved)


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


def _turned(turned: npt.NDArray[np.bool_], end: Ends, other: Ends) -> Ends:
    """One end after replies are turned round: that of the other column where they are."""
    kept = {row: ends for row, ends in end.several.items() if not turned[row]}
    return Ends(
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


def _judge_several(program: Program, flows: FlowArrays, judged: Judged, src: Ends, dst: Ends) -> None:
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
