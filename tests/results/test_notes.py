"""A finding says what may explain it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import flowcheck
from flowcheck.results.finding.notes import OWN_NODE
from tests.builders import make_cluster, make_flow, make_node, make_pod, make_policy
from tests.tools.conformance import to_table

pytestmark = pytest.mark.usefixtures("forked_workers")

POD = make_pod("a", "10.244.0.1", node="n1")
NODES = make_node("n1", "10.0.0.1"), make_node("n2", "10.0.0.2")


@pytest.mark.parametrize(
    ("src", "dst", "action", "note"),
    [
        ("10.244.0.1", "10.0.0.1", 1, OWN_NODE),
        ("10.244.0.1", "10.0.0.2", 1, ""),
        ("10.0.0.2", "10.244.0.1", 1, ""),
    ],
    ids=["its own node", "another node", "from another node"],
)
def test_a_pod_denied_its_own_node(tmp_path: Path, src: str, dst: str, action: int, note: str) -> None:
    table = to_table([make_flow(src, dst)]).append_column("action", pa.array([action], pa.int8()))
    pq.write_table(table, tmp_path / "flows.parquet")
    cluster = make_cluster(POD, *NODES, make_policy(ingress=(), egress=()))
    (finding,) = flowcheck.audit([tmp_path / "flows.parquet"], cluster).findings
    assert finding.note == note
