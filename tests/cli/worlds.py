"""Small inputs on disk for the command tests: one cluster, and flows that keep or break its policies."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

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
ALLOWED, DENIED, BAD_PORT = 5432, 22, 70000
WHEN = datetime(2026, 11, 1, 10, tzinfo=UTC)


def write_cluster(folder: Path, *, policies: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cluster.yaml").write_text(CLUSTER)
    if policies:
        (folder / "policy.yaml").write_text(POLICY)
    return folder


def write_flows(file: Path, ports: Iterable[int | None], *, protocol: int = 6) -> Path:
    """TCP from web to db, forwarded, one row per destination port."""
    ports = list(ports)
    table = pa.table(
        {
            "start_time": pa.array([WHEN] * len(ports), pa.timestamp("us", "UTC")),
            "src_ip": pa.array(["10.0.0.1"] * len(ports)),
            "dst_ip": pa.array(["10.0.0.2"] * len(ports)),
            "dst_port": pa.array(ports, pa.int32()),
            "protocol": pa.array([protocol] * len(ports), pa.uint8()),
            "action": pa.array([1] * len(ports), pa.int8()),
        }
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, file)
    return file
