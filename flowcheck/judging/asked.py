"""Tables asked: what they say of each row, its destination translated where a Service stands behind it."""

from __future__ import annotations

import numpy as np

from flowcheck.arrays import FlowArrays, Int32, Judged, Tables, UInt8
from flowcheck.kernels import decide, translate


def judge_by(tables: Tables, flows: FlowArrays) -> Judged:
    """What is said of each row that is not left out."""
    n_rows = len(flows.src)
    judged = nothing_judged(n_rows)
    if decide.judge(tables, flows, judged):
        leads = np.empty(n_rows, dtype=np.int32), np.empty(n_rows, dtype=np.int32)
        translate.find_service_ports(tables, flows, judged.verdict, *leads)
        translate.judge_translated(tables, flows, *leads, judged)
    return judged


def nothing_judged(n_rows: int) -> Judged:
    """Of rows that are left out."""
    return Judged(
        egress=np.zeros(n_rows, dtype=np.int32),
        ingress=np.zeros(n_rows, dtype=np.int32),
        verdict=np.zeros(n_rows, dtype=np.uint8),
        violation=np.zeros(n_rows, dtype=np.uint8),
        mesh=np.zeros(n_rows, dtype=np.int32),
    )


def bare_flows(src: Int32, dst: Int32, protocol: UInt8, port: Int32) -> FlowArrays:
    """Flows to be judged, of which nothing is known but their ends and ports, each (n,)."""
    n_rows = len(src)
    keys, long = np.zeros(n_rows, dtype=np.uint64), np.zeros(n_rows, dtype=np.int64)
    small = np.zeros(n_rows, dtype=np.uint8)
    return FlowArrays(
        src=src,
        dst=dst,
        src_key=keys,
        dst_key=keys,
        protocol=protocol,
        src_port=np.full(n_rows, -1, dtype=np.int32),
        port=port,
        judge=np.ones(n_rows, dtype=np.uint8),
        observed=small,
        point=small,
        inferred=small,
        counted=small,
        flow_count=long,
        bytes_=long,
        packets=long,
        seen_at=long,
    )


def take_rows(flows: FlowArrays, rows: np.ndarray) -> FlowArrays:
    """Some rows, in their order."""
    return FlowArrays(*(column[rows] for column in flows))


def take_judged(judged: Judged, rows: np.ndarray) -> Judged:
    return Judged(*(column[rows] for column in judged))


def last_judged(judged: Judged, n: int) -> Judged:
    """What is said of the last ``n`` rows."""
    return take_judged(judged, np.arange(len(judged.verdict) - n, len(judged.verdict)))
