"""The samples. The first: a small cluster with NetworkPolicies and a day of its flows, with planted faults.

``write`` puts it into a folder; the repository's ``data/`` is what it wrote there. ``PLANTED`` says how many
records of each scenario the flows hold, ``SCENARIOS`` what an audit has to say of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from flowcheck.demo import cilium, flows, logs, manifests, mesh, readme
from flowcheck.demo.planted import Scenario
from flowcheck.demo.scenarios import PLANTED, SCENARIOS

__all__ = ["PLANTED", "SAMPLES", "SCENARIOS", "Sample", "Scenario", "write"]


class Sample(NamedTuple):
    """``flows``, ``dns_map``: what to audit, in the folder that ``write`` is given; ``is_log``: it is no
    canonical Parquet. ``planted``: how many records an audit has to find, by kind of violation, and as
    ``unknown``."""

    write: Callable[[Path], None]
    planted: Callable[[], Counter[str]]
    flows: str
    is_log: bool = True
    dns_map: str = ""


def write(directory: Path) -> None:
    """Write ``cluster/``, ``flows/``, ``logs/`` and ``README.md`` into ``directory``; what else lies there
    stays."""
    cluster = manifests.write(__name__, directory)
    flows.write(directory / "flows")
    logs.write(directory / "logs", cluster)
    (directory / "README.md").write_text(readme.text(flows.ROWS), encoding="utf-8")


def _planted() -> Counter[str]:
    planted: Counter[str] = Counter()
    for scenario in SCENARIOS:
        planted[scenario.kind or scenario.verdict] += scenario.rows
    return planted


SAMPLES = {
    "kubernetes": Sample(write, _planted, "flows", is_log=False),
    "cilium": Sample(cilium.write, cilium.planted, cilium.LOG, dns_map=cilium.LOG),
    "mesh": Sample(mesh.write, mesh.planted, mesh.LOGS),
}
"""By the names that ``--sample`` takes."""
