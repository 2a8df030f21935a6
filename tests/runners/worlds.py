"""Small inputs on disk: one cluster of two pods, and flows that keep its policy, break it, or are odd."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

CLUSTER = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {nodeName: n1, containers: [{name: c, ports: [{containerPort: 80}]}]}
status: {phase: Running, podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {nodeName: n1, containers: [{name: c, ports: [{containerPort: 5432}]}]}
status: {phase: Running, podIP: 10.0.0.2, podIPs: [{ip: 10.0.0.2}]}
"""
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db-from-web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 5432, protocol: TCP}]
"""
US = pa.timestamp("us", "UTC")
NOON = int(datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp()) * 1_000_000
WEB, DB = "10.0.0.1", "10.0.0.2"
ALLOWED, DENIED, BAD_PORT = 5432, 22, 70000
OUTPUTS = (
    *("findings.json", "edges.parquet", "policy_hits.parquet", "violations.parquet"),
    *("services.parquet", "load.parquet"),
)


def write_cluster(folder: Path, *, policies: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cluster.yaml").write_text(CLUSTER)
    if policies:
        (folder / "policy.yaml").write_text(POLICY)
    return folder


def flows(n_rows: int = 4, **columns: pa.Array | None) -> pa.Table:
    """TCP from web to db, denied and forwarded; ``columns`` replaces, adds, or (None) leaves out."""
    whole = {
        "start_time": pa.array([NOON] * n_rows, US),
        "src_ip": pa.array([WEB] * n_rows, pa.string()),
        "dst_ip": pa.array([DB] * n_rows, pa.string()),
        "dst_port": pa.array([DENIED] * n_rows, pa.int32()),
        "protocol": pa.array([6] * n_rows, pa.uint8()),
        "action": pa.array([1] * n_rows, pa.int8()),
        **columns,
    }
    return pa.table({name: column for name, column in whole.items() if column is not None})


def write(file: Path, table: pa.Table | None = None, **options: Any) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(flows() if table is None else table, file, **options)
    return file


def write_flows(file: Path, numbers: Iterable[int | None], *, protocol: int = 6) -> Path:
    """One row per destination port."""
    columns = {"dst_port": pa.array([*numbers], pa.int32())}
    n_rows = len(columns["dst_port"])
    return write(file, flows(n_rows, **columns, protocol=pa.array([protocol] * n_rows, pa.uint8())))


def ports(numbers: Sequence[int | None], type_: pa.DataType | None = None) -> pa.Table:
    return flows(len(numbers), dst_port=pa.array(numbers, type_ or pa.int64()))


def ledger(out: Path) -> dict[str, Any]:
    """The entries of ledger.json by file name."""
    entries = json.loads((out / "ledger.json").read_text())["files"]
    return {Path(entry["file"]).name: entry for entry in entries}


def outputs(out: Path) -> dict[str, bytes]:
    """What two equal audits must share byte for byte."""
    return {name: (out / name).read_bytes() for name in OUTPUTS}
