"""What an operator may know of a simulated day: the clusters that an audit of its flows is made against."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks.churn.world import ChurnSize
from flowcheck.model.cluster import Cluster
from flowcheck.reading import load_cluster


def timeless(cluster: Cluster, at: int) -> Cluster:
    """What is there at an instant, as if it always had been: how a tool judges that knows no time."""
    return cluster.at(at)


def inputs(folder: Path, size: ChurnSize) -> dict[str, Callable[[], Cluster]]:
    """By name, each with how to load it."""
    watch, lossy, snapshots, single = (
        folder / name for name in ("watch.jsonl", "watch-lossy.jsonl", "snapshots", "single")
    )
    return {
        "every watch event": lambda: load_cluster([watch]),
        "watch, 2 % of the events lost": lambda: load_cluster([lossy]),
        "lossy watch and the snapshots": lambda: load_cluster([lossy, snapshots]),
        "a snapshot every 5 minutes": lambda: load_cluster([snapshots]),
        "the last snapshot": lambda: load_cluster([single]),
        "the last snapshot, timeless": lambda: timeless(load_cluster([single]), size.end),
    }
