"""The second sample: a small cluster on Cilium, its policies, and an hour as Hubble's exporter recorded it.

``write`` puts it into a folder; the repository's ``data/cilium/`` is what it wrote there. The log is from
before its policies were applied: it shows what they would have stopped, and what was stopped then.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from flowcheck.demo.cilium import hubble, readme

LOG = "hubble.jsonl.gz"


def write(directory: Path) -> None:
    """Write ``cluster/``, ``hubble.jsonl.gz`` and ``README.md``; what else lies there stays."""
    cluster = directory / "cluster"
    cluster.mkdir(parents=True, exist_ok=True)
    for manifest in sorted(files(__name__).joinpath("cluster").iterdir(), key=lambda entry: entry.name):
        if manifest.name.endswith(".yaml"):
            (cluster / manifest.name).write_bytes(manifest.read_bytes())
    hubble.write(directory / LOG)
    (directory / "README.md").write_text(readme.text(), encoding="utf-8")
