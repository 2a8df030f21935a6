"""The flow records of a changing cluster, and beside each record what is true of it.

Each end's node records a connection by its own clock, most connections at both ends; the client's node
records the Service's address where one was dialled, the server's node the pod's.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.churn.day import Day
from benchmarks.churn.drawing import Connection, Drawing
from benchmarks.churn.pods import ChurnPod
from benchmarks.churn.truth import Nearness
from benchmarks.churn.world import node_name

ONE_END_ONLY = 0.25
N_FILES = 4


def write(day: Day, directory: Path) -> None:
    """Write ``flows/*.parquet``, sorted by time, and ``truth.parquet`` with one row for each of theirs."""
    table = records(day)
    truth_columns = [name for name in table.column_names if name.startswith("true_")]
    flows = table.drop_columns(truth_columns)
    (directory / "flows").mkdir(parents=True, exist_ok=True)
    bounds = np.linspace(0, len(flows), N_FILES + 1).astype(np.int64)
    for i, (first, last) in enumerate(pairwise(bounds.tolist())):
        part = flows.slice(first, last - first)
        pq.write_table(part, directory / "flows" / f"flows-{i}.parquet", compression="zstd")
    truth = table.select(truth_columns)
    truth = truth.rename_columns([name.removeprefix("true_") for name in truth_columns])
    pq.write_table(truth, directory / "truth.parquet", compression="zstd")


def records(day: Day) -> pa.Table:
    """``n_rows`` records in the order of their recorded times; the columns ``true_...`` are the truth."""
    drawing = Drawing(day)
    nearness = Nearness(day)
    n_rows = day.world.size.n_rows
    rows: list[dict[str, Any]] = []
    connections = drawing.connections()
    while len(rows) < n_rows:
        rows += _rows(day, drawing.rng, nearness, next(connections))
    rows = sorted(rows[:n_rows], key=lambda row: row["start_time"])
    return pa.Table.from_pylist(rows, SCHEMA)


def _rows(day: Day, rng: np.random.Generator, nearness: Nearness, one: Connection) -> list[dict[str, Any]]:
    """One record of a connection for each end that is a pod; of two, sometimes only one is kept."""
    ends = [(point, end) for point, end in ((1, one.src), (2, one.dst)) if isinstance(end, ChurnPod)]
    if len(ends) == 2 and rng.random() < ONE_END_ONLY:
        ends = [ends[int(rng.integers(0, 2))]]
    shared = _of_connection(rng, one)
    addresses = [shared["src_ip"], shared["dst_ip"]]
    rows = []
    for point, pod in ends:
        recorded = one.at + int(day.world.clock[pod.node]) + int(rng.integers(0, 2_000))
        row = shared | {
            "start_time": recorded,
            "observation_point": point,
            "observer": node_name(pod.node),
            "true_near": nearness.near(addresses, recorded),
        }
        if one.service is not None and point == 1:
            row["dst_ip"] = one.service.service_address
            row["true_dst"] = f"{one.service.namespace}/Service/{one.service.name}"
        rows.append(row)
    return rows


def _of_connection(rng: np.random.Generator, one: Connection) -> dict[str, Any]:
    """What all records of a connection say, and what is true of it. An external end has no version."""
    row: dict[str, Any] = {
        "src_port": int(rng.integers(32_768, 60_999)),
        "dst_port": one.edge.port,
        "protocol": one.edge.protocol,
        "initiator": 1,
        "action": one.action,
        "bytes": int(rng.integers(200, 90_000)),
        "true_time": one.at,
        "true_verdict": one.verdict,
    }
    for side, end in (("src", one.src), ("dst", one.dst)):
        inside = isinstance(end, ChurnPod)
        row[f"{side}_ip"] = end.address_at(one.at) if inside else end
        row[f"true_{side}"] = end.full_name if inside else end
        row[f"true_{side}_uid"] = end.uid if inside else None
        row[f"true_{side}_version"] = end.version(one.at) if inside else None
    row["true_dst_pod"] = row["true_dst"]
    return row


WORD = pa.dictionary(pa.int32(), pa.string())
TIME = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        ("start_time", TIME),
        ("src_ip", WORD),
        ("dst_ip", WORD),
        ("src_port", pa.uint16()),
        ("dst_port", pa.uint16()),
        ("protocol", pa.uint8()),
        ("initiator", pa.int8()),
        ("action", pa.int8()),
        ("observation_point", pa.int8()),
        ("observer", WORD),
        ("bytes", pa.uint64()),
        ("true_time", TIME),
        ("true_src", WORD),
        ("true_src_uid", WORD),
        ("true_src_version", pa.int32()),
        ("true_dst", WORD),
        ("true_dst_pod", WORD),
        ("true_dst_uid", WORD),
        ("true_dst_version", pa.int32()),
        ("true_verdict", WORD),
        ("true_near", pa.bool_()),
    ]
)
