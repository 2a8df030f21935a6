"""The named sizes: how many pods, how many flow records, in how many files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

GENERATED = Path(__file__).resolve().parents[2] / "data" / "generated"


@dataclass(frozen=True)
class Size:
    """``n_pods`` in ``n_workloads`` of ``n_namespaces`` on ``n_nodes``; ``n_flows`` in ``n_files``. Who may
    call a workload stands in ``client_rules`` rules.
    """

    name: str
    n_pods: int
    n_workloads: int
    n_namespaces: int
    n_nodes: int
    n_flows: int
    n_files: int
    client_rules: int = 1


SIZES = {
    size.name: size
    for size in (
        Size("tiny", 200, 40, 8, 8, 100_000, 2),
        Size("small", 1_000, 120, 20, 30, 2_000_000, 4),
        Size("medium", 10_000, 1_000, 40, 250, 20_000_000, 4),
        Size("large", 10_000, 1_000, 40, 250, 100_000_000, 20),
        Size("huge", 50_000, 2_443, 40, 500, 1_000_000, 1, client_rules=4),
    )
}
