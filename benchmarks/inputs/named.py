"""Flows over somebody's own manifests, by name: for a Git repository, whose workloads have no pods.

``write`` takes a loaded cluster and draws records between its workloads on the ports they declare, with
null addresses and the name columns instead. Nothing is known beforehand of what the policies say of them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.inputs.records import DAY, PARQUET, ROW_GROUP, SECONDS, slots
from flowcheck.model.cluster import Cluster, Pod


def write(cluster: Cluster, directory: Path, n_flows: int, seed: int) -> None:
    """Write ``n_flows`` records in one file: Zipf edges over all pairs of workloads and declared ports."""
    directory.mkdir(parents=True, exist_ok=True)
    rng = np.random.Generator(np.random.PCG64(seed))
    pods = list({pod.workload: pod for pod in cluster.pods if not pod.finished}.values())
    if len(pods) < 2:
        raise ValueError("the manifests hold fewer than two workloads: there is nobody to talk to")
    edges = rng.permutation(np.array(_edges(pods), dtype=np.int64))
    weight = 1.0 / (np.arange(len(edges)) + 1.0)
    edge_of = slots(weight / weight.sum())
    writer = None
    for start in range(0, n_flows, ROW_GROUP):
        n_rows = min(ROW_GROUP, n_flows - start)
        window = (start / n_flows, (start + n_rows) / n_flows)
        batch = _batch(rng, pods, edges[edge_of[rng.integers(0, len(edge_of), n_rows)]], window)
        writer = writer or pq.ParquetWriter(directory / "flows-000.parquet", batch.schema, **PARQUET)
        writer.write_batch(batch, row_group_size=ROW_GROUP)
    if writer is not None:
        writer.close()


def _edges(pods: list[Pod]) -> list[tuple[int, int, int, int]]:
    """(client, server, protocol, port) of every pair; a server without declared ports gets TCP 80."""
    return [
        (client, server, protocol, port)
        for server, pod in enumerate(pods)
        for protocol, port in {(p.protocol, p.number) for p in pod.ports} or {(6, 80)}
        for client in range(len(pods))
        if client != server
    ]


def _batch(
    rng: np.random.Generator, pods: list[Pod], edges: np.ndarray, window: tuple[float, float]
) -> pa.RecordBatch:
    n_rows = len(edges)
    first, last = (int(share * SECONDS * 1000) for share in window)
    seen = np.sort(rng.integers(first, max(last, first + 1), n_rows)) * 1000
    day = int(datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC).timestamp()) * 1_000_000
    workloads = [pod.workload for pod in pods]
    namespaces = pa.array([workload.namespace for workload in workloads]).dictionary_encode()
    names = pa.array([workload.name for workload in workloads])
    nobody = pa.nulls(n_rows, pa.dictionary(pa.int32(), pa.string()))

    def ends(side: int, values: pa.Array) -> pa.Array:
        return pa.DictionaryArray.from_arrays(edges[:, side].astype(np.int32), values.cast(pa.string()))

    return pa.RecordBatch.from_pydict(
        {
            "start_time": pa.array(seen + day).cast(pa.timestamp("us", tz="UTC")),
            "src_ip": nobody,
            "dst_ip": nobody,
            "src_namespace": ends(0, namespaces).cast(pa.string()).dictionary_encode(),
            "src_workload": ends(0, names),
            "dst_namespace": ends(1, namespaces).cast(pa.string()).dictionary_encode(),
            "dst_workload": ends(1, names),
            "dst_port": pa.array(edges[:, 3].astype(np.uint16)),
            "protocol": pa.array(edges[:, 2].astype(np.uint8)),
            "initiator": pa.array(np.ones(n_rows, dtype=np.int8)),
            "action": pa.array(np.ones(n_rows, dtype=np.int8)),
            "bytes": pa.array(rng.integers(64, 65_536, n_rows, dtype=np.uint64)),
        }
    )
