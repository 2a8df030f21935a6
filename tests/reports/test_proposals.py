"""What the page says to add, so that a finding's example would be let through."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import flowcheck
from flowcheck.reports.audit.page.findings import rules
from flowcheck.reports.audit.page.proposals import proposals

POD = """---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: shop, labels: {{app: {name}}}{more}}}
spec: {{containers: [{{name: c}}]}}
status: {{phase: Running, podIP: {address}, podIPs: [{{ip: {address}}}]}}
"""
POLICY = """---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{from: [{podSelector: {matchLabels: {app: other}}}]}]
"""
SINCE = ", creationTimestamp: '2026-03-10T00:00:00Z'"


@pytest.mark.parametrize("more", ["", SINCE], ids=["of all times", "of its time"])
def test_the_rule_that_explain_would_add_is_on_the_page(tmp_path: Path, more: str) -> None:
    pods = [("client", "10.0.0.1"), ("web", "10.0.0.2")]
    text = "".join(POD.format(name=name, address=address, more=more) for name, address in pods)
    (tmp_path / "cluster.yaml").write_text(text + POLICY)
    table = pa.table(
        {
            "start_time": pa.array([1_773_200_000_000_000], pa.timestamp("us", "UTC")),
            "src_ip": ["10.0.0.1"],
            "dst_ip": ["10.0.0.2"],
            "dst_port": pa.array([80], pa.int32()),
            "protocol": pa.array([6], pa.int32()),
            "action": pa.array([1], pa.int8()),
        }
    )
    pq.write_table(table, tmp_path / "flows.parquet")
    result = flowcheck.audit(tmp_path / "flows.parquet", cluster=tmp_path / "cluster.yaml")
    (rule,) = rules(result)
    (one,) = rule.proposals
    assert one.text.startswith("ingress: add this rule to spec.ingress of NetworkPolicy/shop/web")
    assert one.yaml == [
        "- from:",
        "  - podSelector:",
        "      matchLabels:",
        "        app: client",
        "  ports:",
        "  - protocol: TCP",
        "    port: 80",
    ]
    assert proposals(rule.first, None) == []
