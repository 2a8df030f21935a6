"""Questions to the compiled program about endpoints that have been found: every verdict comes from here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from flowcheck import arrays as a
from flowcheck.arrays import Tables
from flowcheck.compile import Program
from flowcheck.evaluate import make_resolver
from flowcheck.flows.schema import END_NAMES
from flowcheck.kernels import decide
from flowcheck.model.verdict import Reason, Verdict

VERDICTS, REASONS = tuple(Verdict), tuple(Reason)


class Outcome(NamedTuple):
    """What came out for one pair of endpoints: decision numbers of both sides, and the joint verdict."""

    egress: int
    ingress: int
    verdict: Verdict


def endpoint_at(program: Program, address: str) -> int:
    """The endpoint an address belongs to, looked up as a recorded flow's address is."""
    batch = pa.record_batch({"src_ip": pa.array([address], pa.string())})
    times = np.zeros(1, dtype=np.int64)
    return int(make_resolver(program).resolve(batch, "src_ip", END_NAMES["src_ip"], times).endpoints[0])


def judge_pairs(
    program: Program, pairs: Sequence[tuple[int, int]], protocol: int, ports: Sequence[int | None]
) -> list[Outcome]:
    """Judge pairs of (source, destination) endpoints, each with a port (None: it has none).

    Not: a Service's address or a node's port is not translated here, as ``services`` did that already.
    """
    tables = program.tables
    outcomes = []
    for (src, dst), port in zip(pairs, ports, strict=True):
        egress, ingress = _sides(tables, src, dst, protocol, -1 if port is None else port)
        verdict = decide.combine(tables.verdict[egress], tables.verdict[ingress])
        outcomes.append(Outcome(egress, ingress, VERDICTS[verdict]))
    return outcomes


def _sides(tables: Tables, src: int, dst: int, protocol: int, port: int) -> tuple[int, int]:
    """Both decisions of one pair, as the kernel of all flows makes them."""
    s, d = tables.endpoints[src], tables.endpoints[dst]
    if decide.is_same_pod(tables.endpoints, src, dst):
        return a.SAME_POD, a.SAME_POD
    ports = decide.port_class(tables.port_class, tables.other_port, protocol, port)
    egress = decide.side(*tables.egress, 0, s[a.EGRESS_SUBJECT], d[a.EGRESS_PEER], ports)
    if decide.is_own_node(tables.endpoints, src, dst):
        return int(egress), a.OWN_NODE
    ingress = decide.side(*tables.ingress, 0, d[a.INGRESS_SUBJECT], s[a.INGRESS_PEER], ports)
    return int(egress), int(ingress)


def side_of(program: Program, decision: int) -> tuple[Verdict, Reason, str]:
    """A side's decision in words: verdict, reason, and what decided."""
    tables = program.tables
    text = program.decisions[decision].text
    return VERDICTS[tables.verdict[decision]], REASONS[tables.reason[decision]], text


def exemption(program: Program, src: int, dst: int) -> str:
    """``self`` for one pod's traffic to itself, ``own node`` for a node's to a pod on it, or empty."""
    endpoints = program.tables.endpoints
    if decide.is_same_pod(endpoints, src, dst):
        return "self"
    return "own node" if decide.is_own_node(endpoints, src, dst) else ""
