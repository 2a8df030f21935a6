"""Makes the sample's flow records: everyday edges and planted scenarios over one day, sorted by time.

Integers only are drawn, from PCG64 with a fixed seed, so that the rows are the same on every machine.
A connection is written once by each side's reporter that saw it. ``write`` is called by the package.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from flowcheck.demo.everyday import EDGES, Edge
from flowcheck.demo.planted import Scenario, Traffic
from flowcheck.demo.scenarios import SCENARIOS
from flowcheck.model.protocols import ICMP, UDP

SEED = 20260310
ROWS = 300_000
DAY = datetime(2026, 3, 10, tzinfo=UTC)
FILES = (("2026-03-10T00.parquet", 0), ("2026-03-10T08.parquet", 8), ("2026-03-10T16.parquet", 16))
PARQUET: dict[str, Any] = {
    "row_group_size": 65_536,
    "compression": "zstd",
    "compression_level": 9,
    "use_dictionary": ["src_ip", "dst_ip", "dst_port", "protocol", "bytes", "packets"],
    "column_encoding": {"start_time": "DELTA_BINARY_PACKED", "end_time": "DELTA_BINARY_PACKED"},
    "write_page_checksum": True,
}
HOUR_MS = 3_600_000

RHYTHM = (3, 2, 2, 2, 2, 3, 4, 6, 8, 10, 11, 12, 13, 12, 11, 11, 11, 12, 14, 15, 13, 10, 7, 5)
"""How busy each hour of the day is."""

Int64 = npt.NDArray[np.int64]
Columns = dict[str, Int64]


class Draw(NamedTuple):
    """The generator and the list of all addresses, into which src and dst are indexes."""

    rng: np.random.Generator
    addresses: dict[str, int]

    def skewed(self, choices: Sequence[int], n_rows: int) -> Int64:
        """``n_rows`` of the choices, the first the most often: the r-th with weight 1 / (r + 4)."""
        weights = [1_000_000 // (rank + 4) for rank in range(len(choices))]
        return np.asarray(choices, dtype=np.int64)[self.weighted(weights, n_rows)]

    def weighted(self, weights: Sequence[int], n_rows: int) -> Int64:
        """Indexes of the weights, each as often as its weight says."""
        ends = np.cumsum(np.asarray(weights, dtype=np.int64))
        return np.searchsorted(ends, self.rng.integers(0, ends[-1], n_rows), side="right")

    def at(self, names: Sequence[str], n_rows: int) -> Int64:
        return self.skewed([self.addresses[name] for name in names], n_rows)


def write(directory: Path) -> None:
    """Write the flow files into ``directory``: zstd, dictionary strings, page checksums."""
    directory.mkdir(parents=True, exist_ok=True)
    flows = table()
    hours = flows["start_time"].cast(pa.int64()).to_numpy() // 1000 // HOUR_MS - _day_ms() // HOUR_MS
    bounds = [int(np.searchsorted(hours, hour)) for _, hour in FILES] + [len(flows)]
    for (name, _), first, last in zip(FILES, bounds, bounds[1:], strict=False):
        pq.write_table(
            flows.slice(first, last - first),
            directory / name,
            **PARQUET,
        )


@cache
def table() -> pa.Table:
    """All flow records in canonical columns, sorted by start_time.

    Units: start_time and end_time hold whole milliseconds.
    """
    draw = Draw(np.random.Generator(np.random.PCG64(SEED)), {name: i for i, name in enumerate(_addresses())})
    planted = [_planted(draw, scenario) for scenario in SCENARIOS]
    rest = ROWS - sum(scenario.rows for scenario in SCENARIOS)
    everyday = _reports(draw, _everyday(draw, rest), rest)
    columns = {name: np.concatenate([part[name] for part in (everyday, *planted)]) for name in everyday}
    order = np.argsort(columns["start"], kind="stable")
    return _arrow({name: values[order] for name, values in columns.items()}, list(draw.addresses))


def _addresses() -> list[str]:
    """Every address that occurs, once, in the order of the plan."""
    parts: list[Edge | Traffic] = [*EDGES, *(scenario.traffic for scenario in SCENARIOS)]
    ends = [end for part in parts for end in (*part.sources, *part.destinations)]
    return list(dict.fromkeys(ends))


def _day_ms() -> int:
    return int(DAY.timestamp()) * 1000


def _everyday(draw: Draw, n_rows: int) -> Columns:
    """``n_rows`` connections over the everyday edges, each edge as often as its weight says."""
    share = np.bincount(draw.weighted([edge.weight for edge in EDGES], n_rows), minlength=len(EDGES))
    parts = [_connections(draw, edge, int(count)) for edge, count in zip(EDGES, share, strict=True)]
    hour = draw.weighted(RHYTHM, n_rows)
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    columns["start"] = hour * HOUR_MS + draw.rng.integers(0, HOUR_MS, n_rows)
    columns["initiator"] = np.where(draw.rng.integers(0, 6, n_rows) == 0, 2, 1)
    columns["action"] = np.ones(n_rows, dtype=np.int64)
    return columns


def _connections(draw: Draw, edge: Edge | Traffic, n_rows: int) -> Columns:
    """The ends, ports and sizes of ``n_rows`` connections of one edge; -1 is no port."""
    ports = [-1 if port is None else port for port in edge.ports]
    size = edge.size if isinstance(edge, Edge) else 2_000
    src = draw.at(edge.sources, n_rows)
    amount = size * draw.skewed(_SIZES, n_rows) // 16
    aggregated = _LOOKUPS if edge.protocol == UDP else (1,)
    return {
        "src": src,
        "dst": _destinations(draw, edge, src),
        "src_port": np.where(ports[0] < 0, -1, draw.rng.integers(32_768, 61_000, n_rows)),
        "dst_port": draw.skewed(ports, n_rows),
        "protocol": np.full(n_rows, edge.protocol, dtype=np.int64),
        "duration": draw.skewed(_DURATIONS, n_rows) * (1 if edge.protocol in (UDP, ICMP) else 8),
        "flow_count": draw.skewed(aggregated, n_rows),
        "bytes": amount,
        "packets": amount // 900 + 2,
        "both": np.full(n_rows, len(edge.reporters) == 2, dtype=np.int64),
        "first": np.full(n_rows, edge.reporters[0], dtype=np.int64),
    }


def _destinations(draw: Draw, edge: Edge | Traffic, src: Int64) -> Int64:
    """Which of the destinations each connection goes to."""
    choices = np.asarray([draw.addresses[name] for name in edge.destinations], dtype=np.int64)
    if isinstance(edge, Traffic):
        return draw.skewed(choices.tolist(), len(src))
    if edge.sticky:
        place = np.argmax(src[:, None] == [draw.addresses[name] for name in edge.sources], axis=1)
        own: Int64 = choices[place % len(choices)]
        return own
    chosen: Int64 = choices[draw.weighted(edge.spread or (1,) * len(choices), len(src))]
    return chosen


_SIZES = (16, 14, 18, 12, 20, 9, 24, 7, 32, 5, 48, 64, 96, 160, 320, 800)
"""Sixteenths of an edge's size, the commonest first."""
_LOOKUPS = (1, 1, 1, 1, 1, 1, 1, 2)
"""Connections that one record of UDP stands for; few, as those of one record are no independent choices."""
_DURATIONS = (4, 3, 5, 6, 2, 8, 11, 15, 1, 22, 40, 75, 150, 400, 1200)


def _reports(draw: Draw, connections: Columns, n_rows: int) -> Columns:
    """The first ``n_rows`` records of the connections: two reporters write half of those both could see."""
    n_connections = len(connections["src"])
    twice = (connections["both"] == 1) & (draw.rng.integers(0, 2, n_connections) == 0)
    shuffled = draw.rng.permutation(n_connections)
    repeated = np.repeat(shuffled, 1 + twice[shuffled])[:n_rows]
    again = np.zeros(n_rows, dtype=bool)
    again[1:] = repeated[1:] == repeated[:-1]
    columns = {name: values[repeated] for name, values in connections.items()}
    either = np.where(columns["both"] == 1, draw.rng.integers(1, 3, n_rows), columns["first"])
    columns["reporter"] = np.where(twice[repeated], np.where(again, 2, 1), either)
    columns["start"] = columns["start"] + np.where(again, draw.rng.integers(0, 3, n_rows), 0)
    return columns


def _planted(draw: Draw, scenario: Scenario) -> Columns:
    """The scenario's records: each of its connections once for each of its reporters."""
    traffic = scenario.traffic
    n_connections = scenario.rows // len(traffic.reporters)
    columns = _connections(draw, traffic, n_connections)
    first, last = traffic.hours
    columns["start"] = draw.rng.integers(first * HOUR_MS, last * HOUR_MS - 1, n_connections)
    columns["initiator"] = np.full(n_connections, traffic.initiator, dtype=np.int64)
    columns["action"] = np.full(n_connections, traffic.action, dtype=np.int64)
    columns = {name: np.tile(values, len(traffic.reporters)) for name, values in columns.items()}
    return columns | {"reporter": np.repeat(np.asarray(traffic.reporters, dtype=np.int64), n_connections)}


def _arrow(columns: Columns, addresses: list[str]) -> pa.Table:
    """Canonical Arrow columns. Source: the canonical flow columns, flows/canonical/schema.py."""
    start = (columns["start"] + _day_ms()) * 1000
    times = pa.timestamp("us", tz="UTC")

    def ports(name: str) -> pa.Array[Any]:
        return pa.array(columns[name].clip(0).astype(np.uint16), mask=columns[name] < 0)

    def ends(name: str) -> pa.Array[Any]:
        return pa.DictionaryArray.from_arrays(columns[name].astype(np.int32), pa.array(addresses))

    return pa.table(
        {
            "start_time": pa.array(start).cast(times),
            "end_time": pa.array(start + columns["duration"] * 1000).cast(times),
            "src_ip": ends("src"),
            "dst_ip": ends("dst"),
            "src_port": ports("src_port"),
            "dst_port": ports("dst_port"),
            "protocol": pa.array(columns["protocol"].astype(np.uint8)),
            "initiator": pa.array(columns["initiator"].astype(np.int8)),
            "action": pa.array(columns["action"].astype(np.int8)),
            "observation_point": pa.array(columns["reporter"].astype(np.int8)),
            "flow_count": pa.array(columns["flow_count"].astype(np.uint32)),
            "bytes": pa.array(columns["bytes"].astype(np.uint64)),
            "packets": pa.array(columns["packets"].astype(np.uint64)),
        }
    )
