"""What an audit makes of what a network and a mesh's proxy each saw of a connection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import flowcheck
from flowcheck.results.audit import AuditResult

CLUSTER = """
apiVersion: v1
kind: Namespace
metadata: {name: x, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x}
spec: {serviceAccountName: a, containers: [{name: c}]}
status: {phase: Running, podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: x, labels: {app: b}}
spec: {serviceAccountName: b, containers: [{name: c}]}
status: {phase: Running, podIP: 10.0.0.2, podIPs: [{ip: 10.0.0.2}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: deny-80, namespace: x}
spec: {action: DENY, rules: [{to: [{operation: {ports: ["80"]}}]}]}
"""
NETWORK_POLICY = """
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: x}
spec: {podSelector: {matchLabels: {app: b}}, policyTypes: [Ingress]}
"""


def audit(folder: Path, more: str = "", **columns: list[Any]) -> AuditResult:
    """Flows from a to b, port 80, with these columns beside."""
    (folder / "cluster.yaml").write_text(CLUSTER + more)
    n = len(next(iter(columns.values())))
    times = pa.array([1_767_225_600_000_000 + row for row in range(n)], pa.timestamp("us", "UTC"))
    given: dict[str, Any] = {
        "start_time": times,
        "src_ip": ["10.0.0.1"] * n,
        "dst_ip": ["10.0.0.2"] * n,
        "dst_port": [80] * n,
        "src_port": [40_000 + row for row in range(n)],
        "protocol": [6] * n,
        **{name: pa.array(values, pa.int8()) for name, values in columns.items()},
    }
    pq.write_table(pa.table(given), folder / "flows.parquet")
    return flowcheck.audit(folder / "flows.parquet", cluster=folder / "cluster.yaml")


def found(result: AuditResult) -> list[tuple[str, str, bool]]:
    return [(one.direction, one.observed, one.is_told) for one in result.findings]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"action": [1]}, [("mesh", "unknown", False)]),
        ({"action": [0]}, [("mesh", "unknown", False)]),
        ({"mesh_action": [1]}, [("mesh", "allowed", True)]),
        ({"mesh_action": [2]}, []),
        ({"mesh_action": [0]}, [("mesh", "unknown", False)]),
        ({"action": [2]}, []),
    ],
)
def test_only_the_proxy_sees_what_became_of_what_it_denies(
    tmp_path: Path, columns: dict[str, list[int]], expected: list[tuple[str, str, bool]]
) -> None:
    assert found(audit(tmp_path, **columns)) == expected


def test_what_the_network_denies_went_through_where_it_was_forwarded(tmp_path: Path) -> None:
    assert found(audit(tmp_path, NETWORK_POLICY, action=[1])) == [("ingress and mesh", "forwarded", True)]


def test_a_connection_that_both_saw_counts_once(tmp_path: Path) -> None:
    both = audit(tmp_path, action=[1, 0], mesh_action=[None, 2])
    edges = both.edges.to_pylist()
    assert {edge["observed"]: edge["flow_count"] for edge in edges} == {"forwarded": 0, "denied": 1}


def test_what_the_proxy_says_is_told_beside_what_the_network_does_not(tmp_path: Path) -> None:
    (alone,) = audit(tmp_path, action=[1]).findings
    assert alone.note == ""
    (one,) = audit(tmp_path, action=[1, 0], mesh_action=[None, 2]).findings
    assert not one.is_told
    assert one.note.startswith("1 record of the mesh's own say")


SIDECARS = """
apiVersion: v1
kind: Namespace
metadata: {name: x, labels: {istio-injection: enabled}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: reads, namespace: x}
spec: {rules: [{to: [{operation: {methods: [GET]}}]}]}
"""


@pytest.mark.parametrize(("n_told", "left"), [(0, 4), (1, 3), (3, 1), (4, 0)])
def test_a_connection_whose_request_only_the_proxy_saw_counts_once(
    tmp_path: Path, n_told: int, left: int
) -> None:
    """The network's record does not say what the mesh decides: it decided something else than the proxy's."""
    sidecar = "containers: [{name: c}, {name: istio-proxy}]"
    pods = CLUSTER.split("---", 1)[1].rsplit("---", 1)[0].replace("containers: [{name: c}]", sidecar)
    (tmp_path / "cluster.yaml").write_text(f"{SIDECARS}---{pods}")
    n = 4 + n_told
    start = 1_767_225_600_000_000
    table = pa.table(
        {
            "start_time": pa.array([start + row % 4 for row in range(n)], pa.timestamp("us", "UTC")),
            "src_ip": ["10.0.0.1"] * n,
            "dst_ip": ["10.0.0.2"] * n,
            "dst_port": [80] * n,
            "src_port": [40_000 + row % 4 for row in range(n)],
            "protocol": [6] * n,
            "action": pa.array([1] * 4 + [0] * n_told, pa.int8()),
            "mesh_action": pa.array([None] * 4 + [1] * n_told, pa.int8()),
            "observation_point": pa.array([1] * 4 + [4] * n_told, pa.int8()),
            "http_method": [None] * 4 + ["GET"] * n_told,
        }
    )
    pq.write_table(table, tmp_path / "flows.parquet")
    result = flowcheck.audit(tmp_path / "flows.parquet", cluster=tmp_path / "cluster.yaml")
    counts = {(edge["verdict"], edge["observed"]): edge["flow_count"] for edge in result.edges.to_pylist()}
    told = {("allow", "allowed"): n_told} if n_told else {}
    assert counts == {("unknown", "forwarded"): left} | told
