"""The samples. The first: a small cluster with NetworkPolicies and a day of its flows, with planted faults.

``write`` puts it into a folder; the repository's ``data/`` is what it wrote there. ``PLANTED`` says how many
records of each scenario the flows hold, ``SCENARIOS`` what an audit has to say of them.
"""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from pathlib import Path

from flowcheck.demo import flows, logs, readme
from flowcheck.demo.cilium import write as write_cilium
from flowcheck.demo.cilium.talk import EXPECTED
from flowcheck.demo.planted import Scenario
from flowcheck.demo.scenarios import PLANTED, SCENARIOS

SAMPLES = ("kubernetes", "cilium")
"""The first, and one on Cilium: :mod:`flowcheck.demo.cilium`."""

__all__ = ["PLANTED", "SAMPLES", "SCENARIOS", "Scenario", "planted_counts", "write", "write_cilium"]


def write(directory: Path) -> None:
    """Write ``cluster/``, ``flows/``, ``logs/`` and ``README.md`` into ``directory``; what else lies there
    stays."""
    cluster = directory / "cluster"
    cluster.mkdir(parents=True, exist_ok=True)
    for manifest in sorted(files(__name__).joinpath("cluster").iterdir(), key=lambda entry: entry.name):
        if manifest.name.endswith(".yaml"):
            (cluster / manifest.name).write_bytes(manifest.read_bytes())
    flows.write(directory / "flows")
    logs.write(directory / "logs", cluster)
    (directory / "README.md").write_text(readme.text(flows.ROWS), encoding="utf-8")


def planted_counts(sample: str) -> Counter[str]:
    """How many records an audit has to find, by kind of violation, and as ``unknown``."""
    planted: Counter[str] = Counter()
    if sample == "cilium":
        for talk in EXPECTED:
            planted[talk.found] += talk.connections
    else:
        for scenario in SCENARIOS:
            planted[scenario.kind or scenario.verdict] += scenario.rows
    return planted
