"""The manifests of a sample's cluster, as they lie in its package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def write(package: str, directory: Path) -> Path:
    """Copy them into ``directory/cluster``, which is given back."""
    cluster = directory / "cluster"
    cluster.mkdir(parents=True, exist_ok=True)
    for manifest in sorted(files(package).joinpath("cluster").iterdir(), key=lambda entry: entry.name):
        if manifest.name.endswith(".yaml"):
            (cluster / manifest.name).write_bytes(manifest.read_bytes())
    return cluster
