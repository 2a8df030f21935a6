"""Draws a world's flow records and writes them as canonical Parquet, a million rows at a time.

Files are made side by side and each has its own seed, so that any number of them needs the same memory.
Rows are sorted by time; each connection is recorded one to three times; a third of the records were
replies, turned round by an adapter (initiator = 2).
"""

from __future__ import annotations

import ipaddress
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.inputs.world import Edges, World

Addresses = Literal["strings", "ints"]

ROW_GROUP = 1 << 20
SLOTS = 1 << 22
DAY = datetime(2026, 3, 10, tzinfo=UTC)
SECONDS = 24 * 3600
PARQUET: dict[str, Any] = {
    "compression": "zstd",
    "use_dictionary": [
        "src_ip",
        "dst_ip",
        "dst_port",
        "protocol",
        "initiator",
        "action",
        "observation_point",
    ],
    "column_encoding": {"start_time": "DELTA_BINARY_PACKED"},
    "dictionary_pagesize_limit": 8 << 20,
    "write_page_checksum": True,
}


class Plan(NamedTuple):
    """What a row group is drawn from. ``edge_of`` (SLOTS,) int32 holds each edge as often as it weighs."""

    edge_of: np.ndarray
    edges: Edges
    first: np.ndarray
    count: np.ndarray
    names: dict[str, pa.Array]
    codes: np.ndarray


def write(world: World, directory: Path, n_flows: int, n_files: int, addresses: Addresses) -> None:
    """Write ``n_flows`` records in ``n_files`` files of one day into ``directory``."""
    directory.mkdir(parents=True, exist_ok=True)
    plan = _plan(world, addresses)
    bounds = np.linspace(0, n_flows, n_files + 1).astype(np.int64)
    times = np.linspace(0, SECONDS * 1_000_000, n_files + 1).astype(np.int64)

    def write_file(i: int) -> None:
        rng = np.random.Generator(np.random.PCG64([world.seed, i]))
        path = directory / f"flows-{i:03d}.parquet"
        n_rows = int(bounds[i + 1] - bounds[i])
        _write_file(plan, rng, path, n_rows, (int(times[i]), int(times[i + 1])))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(write_file, range(n_files)))


def slots(weight: np.ndarray) -> np.ndarray:
    """``edge_of``: every edge at least once, else as often as its weight says."""
    times = np.maximum(1, np.round(weight * SLOTS)).astype(np.int64)
    return np.repeat(np.arange(len(weight), dtype=np.int32), times)


def _plan(world: World, addresses: Addresses) -> Plan:
    """Addresses are shuffled, so that no order in the files helps a reader that a real log would not."""
    shuffled = np.random.Generator(np.random.PCG64([world.seed, 1 << 20])).permutation(len(world.addresses))
    codes = np.empty(len(shuffled), dtype=np.int32)
    codes[shuffled] = np.arange(len(shuffled), dtype=np.int32)
    names: dict[str, pa.Array] = {}
    if addresses == "strings":
        texts = pa.array([world.addresses[i] for i in shuffled])
        names = {"src_ip": texts, "dst_ip": texts}
    else:
        codes = np.array([int(ipaddress.IPv4Address(a)) for a in world.addresses], dtype=np.uint32)
    return Plan(slots(world.edges.weight), world.edges, world.first, world.count, names, codes)


def _write_file(
    plan: Plan, rng: np.random.Generator, path: Path, n_rows: int, window: tuple[int, int]
) -> None:
    edges = np.linspace(0, n_rows, -(-n_rows // ROW_GROUP) + 1).astype(np.int64)
    times = np.linspace(*window, len(edges)).astype(np.int64)
    writer = None
    for i in range(len(edges) - 1):
        batch = _batch(plan, rng, int(edges[i + 1] - edges[i]), (int(times[i]), int(times[i + 1])))
        writer = writer or pq.ParquetWriter(path, batch.schema, **PARQUET)
        writer.write_batch(batch, row_group_size=ROW_GROUP)
    if writer is not None:
        writer.close()


def _batch(plan: Plan, rng: np.random.Generator, n_rows: int, window: tuple[int, int]) -> pa.RecordBatch:
    """One row group. A connection's records are up to four seconds apart, but not past the window.

    Units: ``window`` in microseconds since the day began; times are whole milliseconds.
    """
    n_connections = n_rows // 2 + 1
    reports = rng.integers(1, 4, n_connections)
    connection = np.repeat(np.arange(n_connections), reports)[:n_rows]
    connection = np.concatenate([connection, rng.integers(0, n_connections, n_rows - len(connection))])
    start = rng.integers(*window, n_connections)[connection] + rng.integers(0, 4_000_000, n_rows)
    start = np.minimum(start, window[1] - 1) // 1000 * 1000
    order = np.argsort(start)
    edge = plan.edge_of[rng.integers(0, len(plan.edge_of), n_connections)]
    src = _member(plan, rng, plan.edges.src[edge])
    dst = _member(plan, rng, plan.edges.dst[edge])
    src_port = rng.integers(32_768, 61_000, n_connections, dtype=np.uint16)
    connection, edge = connection[order], edge[connection[order]]
    sent = (1 << rng.integers(5, 16, n_rows)) + rng.integers(0, 64, n_rows)
    times = pa.array(start[order] + int(DAY.timestamp()) * 1_000_000).cast(pa.timestamp("us", tz="UTC"))
    columns = {
        "start_time": times,
        "src_ip": _addresses(plan, "src_ip", src[connection]),
        "dst_ip": _addresses(plan, "dst_ip", dst[connection]),
        "src_port": pa.array(src_port[connection]),
        "dst_port": pa.array(plan.edges.port[edge].astype(np.uint16)),
        "protocol": pa.array(plan.edges.protocol[edge].astype(np.uint8)),
        "initiator": pa.array((1 + (rng.integers(0, 3, n_rows) == 0)).astype(np.int8)),
        "action": pa.array(plan.edges.action[edge].astype(np.int8)),
        "observation_point": pa.array(rng.integers(1, 3, n_rows, dtype=np.int8)),
        "bytes": pa.array(sent.astype(np.uint64)),
        "packets": pa.array((sent // 800 + 1).astype(np.uint64)),
    }
    return pa.RecordBatch.from_pydict(columns)


def _member(plan: Plan, rng: np.random.Generator, group: np.ndarray) -> np.ndarray:
    return plan.first[group] + rng.integers(0, 1 << 30, len(group)) % plan.count[group]


def _addresses(plan: Plan, column: str, index: np.ndarray) -> pa.Array:
    codes = plan.codes[index]
    return (
        pa.DictionaryArray.from_arrays(codes, plan.names[column]) if column in plan.names else pa.array(codes)
    )
