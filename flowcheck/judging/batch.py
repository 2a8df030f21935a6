"""Judge batches of canonical flows against a program, numbers only: what workers call.

Who opened a connection is taken from the record, or found out where it does not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flowcheck import arrays as a
from flowcheck.arrays import FlowArrays, Judged, UInt8
from flowcheck.compile import Program
from flowcheck.flows.addresses import BAD_ADDRESS, NO_ADDRESS
from flowcheck.flows.canonical.numbers import Numbers, icmp_numbers, read_numbers, reject
from flowcheck.flows.canonical.schema import END_NAMES
from flowcheck.flows.ends import Ends, Resolver
from flowcheck.flows.initiators import Initiators, find_initiators
from flowcheck.flows.names import NameBook
from flowcheck.judging.asked import judge_by, take_rows
from flowcheck.judging.mesh import ask_mesh, seen_by
from flowcheck.judging.told import NOT_ASKED, Told, read_told
from flowcheck.kernels import lookup
from flowcheck.model.protocols import ICMP, ICMPV6, TCP

ANSWERED = 2
"""The column ``initiator`` of a reply."""
Several = Mapping[int, tuple[tuple[int, ...], tuple[int, ...]]]
"""By row: the endpoints that its source may be, and its destination, where a name stands for several."""


class FlowBatch(NamedTuple):
    """Recorded flows as numbers, not judged yet. rejected (flows,) uint8: an index of
    flows.canonical.numbers.REJECTIONS; such rows are left out. In ``flows`` replies are turned round, as
    ``initiators`` says. disagrees (flows,) bool: a recorded pod is not who has the recorded address.
    src_inferred, dst_inferred (flows,) uint8: of the recorded ends. ``told``: what a mesh is asked by, where
    the log tells anything of it."""

    flows: FlowArrays
    rejected: UInt8
    initiators: Initiators
    disagrees: npt.NDArray[np.bool_]
    src_inferred: UInt8
    dst_inferred: UInt8
    several: Several
    told: Told | None = None


class JudgedBatch(NamedTuple):
    """Flows, and what is said of each row that is not left out."""

    read: FlowBatch
    judged: Judged


def make_resolver(program: Program) -> Resolver:
    names = NameBook(program.by_pod, program.by_uid, program.by_workload)
    return Resolver(program.tables, names, program.address_of, program.beside_pod, program.unresolved)


def judge_batch(program: Program, resolver: Resolver, batch: pa.RecordBatch) -> JudgedBatch:
    """Judge one batch, such as :func:`flowcheck.flows.canonical.columns.readable` makes them, row by row."""
    read = read_flows(program, resolver, batch)
    return JudgedBatch(read, judge_flows(program, read.flows, read.several, read.told))


def read_flows(
    program: Program, resolver: Resolver, batch: pa.RecordBatch, numbers: Numbers | None = None
) -> FlowBatch:
    """Both ends of every row, who opened its connection, and its numbers. A row has no source port where the
    log itself tells of its connection which record counts. ``numbers``: those of the batch, where they were
    read before, for another program."""
    tables, numbers = program.tables, read_numbers(batch) if numbers is None else numbers
    src, dst = (
        resolver.resolve(batch, address, names, numbers.seen_at) for address, names in END_NAMES.items()
    )
    for end, reason in ((src, "bad_src_ip"), (dst, "bad_dst_ip")):
        if end.endpoints.size and end.endpoints.min() >= 0:
            continue
        reject(numbers.rejected, (end.endpoints == NO_ADDRESS) | (end.endpoints == BAD_ADDRESS), reason)
    opened = find_initiators(tables, numbers, src, dst)
    turned = opened.turned()
    numbers = numbers._replace(observed=_observed(numbers, turned))
    ports = numbers.src_port, numbers.port
    disagrees, any_turned = src.disagrees | dst.disagrees, turned.any()
    if any_turned:
        src, dst = _turned(turned, src, dst), _turned(turned, dst, src)
        ports = np.where(turned, ports[1], ports[0]), np.where(turned, ports[0], ports[1])
    if len(tables.port_class) > a.N_REAL_PROTOCOLS:  # policies tell ICMP types apart
        is_icmp = np.isin(numbers.protocol, (ICMP, ICMPV6))
        ports = ports[0], np.where(is_icmp, icmp_numbers(batch), ports[1])
    judge = np.where(opened.basis != a.BASIS_NONE, np.uint8(1), np.uint8(2))
    if len(tables.shared.word):
        asked = (numbers.protocol, np.where(judge == 1, ports[1], np.int32(-1)), numbers.seen_at)
        lookup.ask_ports(tables.shared, *asked, dst.endpoints, dst.inferred)
    questions = program.mesh.questions if program.mesh is not None else NOT_ASKED
    told = read_told(batch, questions, turned, numbers.rejected)
    if numbers.rejected.any():
        judge[numbers.rejected != 0] = 0
        for endpoints in (src.endpoints, dst.endpoints):
            endpoints[judge == 0] = 0
        disagrees &= judge != 0
    observed = numbers.observed
    if program.mesh is not None:
        observed = seen_by(program.mesh, numbers, dst.endpoints)
    if numbers.told.any():
        ports = np.where(numbers.told, np.int32(-1), ports[0]), ports[1]
    flows = FlowArrays(
        src=src.endpoints,
        dst=dst.endpoints,
        src_key=src.keys,
        dst_key=dst.keys,
        protocol=numbers.protocol,
        src_port=ports[0],
        port=ports[1],
        judge=judge,
        observed=observed,
        point=numbers.point,
        inferred=src.inferred | dst.inferred,
        counted=np.ones(batch.num_rows, dtype=np.uint8),
        flow_count=numbers.flow_count,
        bytes_=numbers.bytes_,
        packets=numbers.packets,
        seen_at=numbers.seen_at,
    )
    inferred = src.inferred, dst.inferred
    if any_turned:
        inferred = np.where(turned, *inferred[::-1]), np.where(turned, *inferred)
    several = _several(flows, src, dst)
    return FlowBatch(flows, numbers.rejected, opened, disagrees, *inferred, several, told)


def _several(flows: FlowArrays, src: Ends, dst: Ends) -> Several:
    return {
        row: (
            src.several.get(row, (int(flows.src[row]),)),
            dst.several.get(row, (int(flows.dst[row]),)),
        )
        for row in sorted({*src.several, *dst.several})
        if flows.judge[row] == 1
    }


def _observed(numbers: Numbers, turned: npt.NDArray[np.bool_]) -> UInt8:
    """What a cloud's firewall refused was dropped, where nobody else says more. What it accepted may have
    been stopped later; and of what it refused an answer to, the request had arrived."""
    if not numbers.refused.any():
        return numbers.observed
    asks = ~turned & (numbers.initiator != ANSWERED)
    dropped = numbers.refused & asks & (numbers.observed == a.OBSERVED_UNKNOWN)
    return np.where(dropped, np.uint8(a.OBSERVED_DROPPED), numbers.observed)


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


def judge_flows(program: Program, flows: FlowArrays, several: Several, told: Told | None = None) -> Judged:
    """What is said of each row that is not left out. Rows of ``several`` get a verdict only where all
    agree. Where nothing enforces network policies, it is no violation that what they deny
    went through."""
    judged = _judge(program, flows, told)
    if not program.options.enforced:
        excused = program.tables.verdict[judged.mesh] != a.DENY
        judged.violation[excused & (judged.violation == a.FORWARDED_DENIED)] = a.NO_VIOLATION
    for row, (sources, destinations) in several.items():
        alone = np.array([row])
        same = take_rows(flows, alone), told.take(alone) if told else None
        reason = _disagreement(program, *same, sources, destinations)
        if reason:
            if told is None or not told.by_waypoint[row]:
                judged.egress[row] = judged.ingress[row] = a.UNKNOWN_DECISION + reason
            if program.mesh is not None and flows.protocol[row] == TCP:
                judged.mesh[row] = a.UNKNOWN_DECISION + reason
            judged.verdict[row] = a.UNKNOWN
            judged.violation[row] = 0
    return judged


def _judge(program: Program, flows: FlowArrays, told: Told | None) -> Judged:
    """Network policies see the port on the wire, a mesh the one inside its tunnel; and nothing of what a
    waypoint passes on, which comes and goes by connections of its own."""
    on_the_wire = flows
    if told is not None and told.seen.max(initial=-1) >= 0:
        tunnelled = (told.seen >= 0) & (program.tables.endpoints[flows.dst, a.KIND] == a.KIND_POD)
        on_the_wire = flows._replace(port=np.where(tunnelled, told.seen, flows.port))
    judged = judge_by(program.tables, on_the_wire)
    if told is not None and any(value.by_waypoint for value in told.values):
        unasked = told.by_waypoint & (flows.judge != 0)
        judged.egress[unasked] = judged.ingress[unasked] = a.NO_SUBJECT
        judged.verdict[unasked] = a.NOT_APPLICABLE
        judged.violation[unasked] = a.VIOLATION[a.NOT_APPLICABLE, flows.observed[unasked]]
    if program.mesh is None:
        return judged
    mesh = ask_mesh(program.mesh, flows, told)
    verdict = a.VERDICT[judged.verdict, program.tables.verdict[mesh]]
    violation = np.where(flows.judge != 0, a.VIOLATION[verdict, flows.observed], judged.violation)
    return judged._replace(mesh=mesh, verdict=verdict, violation=violation)


def _disagreement(
    program: Program,
    flow: FlowArrays,
    told: Told | None,
    sources: tuple[int, ...],
    destinations: tuple[int, ...],
) -> int:
    """The reason why one row has no verdict, 0 where it has: the same comes out whoever its ends are."""
    pairs = list(product(sources, destinations))
    alike = np.zeros(len(pairs), dtype=np.int64)
    flows = take_rows(flow, alike)._replace(
        src=np.array([s for s, _ in pairs], dtype=np.int32),
        dst=np.array([d for _, d in pairs], dtype=np.int32),
    )
    answers = _judge(program, flows, told.take(alike) if told else None)
    decisions = np.stack([answers.egress, answers.ingress, answers.mesh], axis=1)
    outcomes = decisions.reshape(len(sources), len(destinations), 3)
    if (outcomes == outcomes[0, 0]).all():
        return 0
    return a.REASON_AMBIGUOUS_DST if (outcomes == outcomes[:1]).all() else a.REASON_AMBIGUOUS_SRC
