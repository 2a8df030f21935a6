"""The second sample: a small cluster on Cilium, its policies, and an hour as Hubble's exporter recorded it.

``write`` puts it into a folder; the repository's ``data/cilium/`` is what it wrote there. The log is from
before its policies were applied: it shows what they would have stopped, and what was stopped then.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from flowcheck.demo import manifests
from flowcheck.demo.cilium import hubble, readme
from flowcheck.demo.cilium.talk import EXPECTED

LOG = "hubble.jsonl.gz"


def write(directory: Path) -> None:
    """Write ``cluster/``, ``hubble.jsonl.gz`` and ``README.md``; what else lies there stays."""
    manifests.write(__name__, directory)
    hubble.write(directory / LOG)
    (directory / "README.md").write_text(readme.text(), encoding="utf-8")


def planted() -> Counter[str]:
    """How many records an audit has to find, by kind of violation."""
    found: Counter[str] = Counter()
    for talk in EXPECTED:
        found[talk.found] += talk.connections
    return found
