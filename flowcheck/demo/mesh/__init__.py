"""The third sample: a small shop in an Istio mesh, and an hour as its proxies and its network logged it.

``write`` puts it into a folder; the repository's ``data/mesh/`` is what it wrote there. The mesh enforced its
policies in that hour, as its proxies' logs show; those of the network were not in force yet.
"""

from __future__ import annotations

from pathlib import Path

from flowcheck.demo import manifests
from flowcheck.demo.mesh import envoy, hubble, readme, ztunnel
from flowcheck.demo.mesh.connections import connections
from flowcheck.demo.mesh.talk import Log, planted

__all__ = ["LOGS", "planted", "write"]

LOGS = "logs"
_WRITERS = {Log.ENVOY: envoy.write, Log.ZTUNNEL: ztunnel.write, Log.HUBBLE: hubble.write}


def write(directory: Path) -> None:
    """Write ``cluster/``, ``logs/`` and ``README.md``; what else lies there stays."""
    manifests.write(__name__, directory)
    (directory / LOGS).mkdir(exist_ok=True)
    made = connections()
    for log, write_log in _WRITERS.items():
        write_log(directory / LOGS / log.value, made)
    (directory / "README.md").write_text(readme.text(), encoding="utf-8")
