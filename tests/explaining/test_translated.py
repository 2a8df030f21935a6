"""Where a pod's address is not seen, that is said; and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowcheck.advice.translated import pools_not_seen_outside
from flowcheck.explaining import explain
from flowcheck.model.cluster import Cluster
from flowcheck.reading import load_cluster
from tests.cli.run import flowcheck
from tests.runners.worlds import write_cluster

POOL = """
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: own}
spec: {cidr: 10.0.0.0/16, natOutgoing: true}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = write_cluster(tmp_path / "c")
    (folder / "pool.yaml").write_text(POOL)
    return folder


@pytest.fixture
def cluster(folder: Path) -> Cluster:
    return load_cluster(folder)


@pytest.mark.parametrize(
    ("src", "dst", "is_said"),
    [
        ("shop/web", "198.51.100.7", True),
        ("shop/web", "shop/db", False),
        ("shop/web", "10.0.77.7", False),
        ("198.51.100.7", "shop/web", False),
    ],
)
def test_explain_says_it_where_it_matters(cluster: Cluster, src: str, dst: str, is_said: bool) -> None:
    notes = explain(cluster, src=src, dst=dst, port=443).src.notes
    assert any("as IPPool own (" in note and "natOutgoing" in note for note in notes) is is_said


def test_an_audit_says_it_once_for_each_pool(cluster: Cluster) -> None:
    (said,) = pools_not_seen_outside(cluster)
    assert "pool.yaml:2 IPPool own: natOutgoing: beyond its node" in said
    assert not any("natOutgoing" in warning for warning in cluster.warnings)


def test_explain_does_not_warn_of_it(folder: Path) -> None:
    asked = ("explain", "--cluster", folder, "--from", "shop/web", "--port", "443", "-f", "json")
    done = flowcheck(*asked, "--to", "shop/db")
    assert "natOutgoing" not in done.stderr + done.stdout
    done = flowcheck(*asked, "--to", "198.51.100.7")
    assert "natOutgoing" in json.loads(done.stdout)["src"]["notes"][0]
