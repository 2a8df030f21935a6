"""Questions to the compiled program about endpoints that have been found: every verdict comes from here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from flowcheck import arrays as a
from flowcheck.arrays import FlowArrays, Judged
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
    return int(make_resolver(program).resolve(batch, "src_ip", END_NAMES["src_ip"]).endpoints[0])


def judge_pairs(
    program: Program, pairs: Sequence[tuple[int, int]], protocol: int, ports: Sequence[int | None]
) -> list[Outcome]:
    """Judge pairs of (source, destination) endpoints, each with a port (None: it has none)."""
    n = len(pairs)
    flows = FlowArrays(
        src=np.array([s for s, _ in pairs], dtype=np.int32),
        dst=np.array([d for _, d in pairs], dtype=np.int32),
        protocol=np.full(n, protocol, dtype=np.uint8),
        port=np.array([-1 if port is None else port for port in ports], dtype=np.int32),
        judge=np.ones(n, dtype=np.uint8),
        observed=np.zeros(n, dtype=np.uint8),
        flow_count=np.ones(n, dtype=np.int64),
        bytes_=np.zeros(n, dtype=np.int64),
        seen_at=np.zeros(n, dtype=np.int64),
    )
    numbers, codes = np.int32, np.uint8
    judged = Judged(np.zeros(n, numbers), np.zeros(n, numbers), np.zeros(n, codes), np.zeros(n, codes))
    decide.judge(program.tables, flows, judged)
    columns = (judged.egress.tolist(), judged.ingress.tolist(), judged.verdict.tolist())
    return [Outcome(e, i, VERDICTS[v]) for e, i, v in zip(*columns, strict=True)]


def side_of(program: Program, decision: int) -> tuple[Verdict, Reason, str]:
    """A side's decision in words: verdict, reason, and what decided."""
    tables = program.tables
    text = program.decisions[decision].text
    return VERDICTS[tables.verdict[decision]], REASONS[tables.reason[decision]], text


def exemption(program: Program, src: int, dst: int) -> str:
    """``self`` for one pod's traffic to itself, ``own node`` for a node's to a pod on it, or empty."""
    s, d = program.tables.endpoints[src], program.tables.endpoints[dst]
    if s[a.POD] >= 0 and s[a.POD] == d[a.POD]:
        return "self"
    on_node = (
        s[a.KIND] == a.KIND_NODE and d[a.KIND] == a.KIND_POD and s[a.NODE] >= 0 and s[a.NODE] == d[a.NODE]
    )
    return "own node" if on_node else ""
