"""The sample: a small cluster with its NetworkPolicies and one day of its flows, with planted violations.

``write`` puts it into a folder; the repository's ``data/`` is what it wrote there. ``PLANTED`` says how many
records of each scenario the flows hold, ``SCENARIOS`` what an audit has to say of them.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from flowcheck.demo import flows, logs, readme
from flowcheck.demo.planted import Scenario
from flowcheck.demo.scenarios import PLANTED, SCENARIOS

__all__ = ["PLANTED", "SCENARIOS", "Scenario", "write"]


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
