"""What a report says of a mesh: whom it carries, what it refuses, what is open, which rules never hit."""

from __future__ import annotations

import io
import json
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import flowcheck as library
from flowcheck.reports.audit import terminal
from flowcheck.reports.audit.explaining import command
from flowcheck.reports.audit.finding_wording import deciders, next_steps
from flowcheck.results.audit import AuditResult
from tests.cli.run import flowcheck

WORLD = """
apiVersion: v1
kind: Namespace
metadata: {name: x, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x}
spec: {serviceAccountName: a}
status: {podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: x, labels: {app: b}}
spec: {containers: [{name: istio-proxy}]}
status: {podIP: 10.0.0.2}
---
apiVersion: v1
kind: Pod
metadata: {name: c, namespace: x, labels: {istio.io/dataplane-mode: none}}
status: {podIP: 10.0.0.3}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: np, namespace: x}
spec: {podSelector: {matchLabels: {app: b}}, ingress: [{ports: [{port: 80}, {port: 81}]}]}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: strict, namespace: x}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p, namespace: x}
spec:
  selector: {matchLabels: {app: b}}
  rules:
  - from: [{source: {serviceAccounts: [z]}}]
  - to: [{operation: {ports: ["81"]}}, {operation: {ports: ["82"]}}]
  - to: [{operation: {ports: ["83"], methods: [GET]}}]
"""
A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3"
HOUR = 1_793_527_200_000_000_000


@pytest.fixture
def world(tmp_path: Path) -> Path:
    path = tmp_path / "world.yaml"
    path.write_text(WORLD)
    return path


def rows(*flows: tuple[str, str, int], **columns: Any) -> pa.Table:
    given = {
        "start_time": pa.array([HOUR] * len(flows), pa.timestamp("ns")),
        "src_ip": [src for src, _, _ in flows],
        "dst_ip": [dst for _, dst, _ in flows],
        "dst_port": [port for _, _, port in flows],
        "protocol": [6] * len(flows),
        "action": [1] * len(flows),
        **columns,
    }
    return pa.table(given)


def audited(world: Path, *flows: tuple[str, str, int], **told: Any) -> AuditResult:
    return library.audit(rows(*flows, **told.pop("columns", {})), str(world), jobs=1, **told)


def shown(result: AuditResult) -> str:
    stream = io.StringIO()
    terminal.render(result, stream, color="never", width=160)
    return stream.getvalue()


def test_the_header_says_which_mesh_carries_whom(world: Path) -> None:
    text = shown(audited(world, (A, B, 81)))
    line = (
        "Istio (root namespace istio-system, trust domain cluster.local): 2 pods (1 behind ztunnel, 1 with a"
    )
    assert line in text
    world.write_text(WORLD.replace("ambient", "none").replace("istio-proxy", "app"))
    assert "Istio (" not in shown(audited(world, (A, B, 81)))


def test_plaintext_is_called_so_and_two_ways_out_of_it(world: Path) -> None:
    result = audited(world, (C, B, 81))
    (finding,) = result.findings
    assert (finding.direction, finding.change) == ("mesh", ("PeerAuthentication/x/strict[mtls STRICT]",))
    (said,) = deciders(finding)
    assert said.startswith("plaintext, where PeerAuthentication/x/strict[mtls STRICT] (")
    assert said.endswith(") asks for mutual TLS")
    assert "plaintext, where" in shown(result)
    steps = " ".join(next_steps(result))
    assert (
        "let x/Pod/c come by a proxy of the mesh or change PeerAuthentication/x/strict[mtls STRICT]" in steps
    )


def test_a_policy_that_allows_gets_a_rule(world: Path) -> None:
    result = audited(world, (A, B, 80))
    assert "the mesh's own log would tell whether it went through" in " ".join(next_steps(result))
    result = audited(world, (A, B, 80), columns={"mesh_action": [1]})
    (finding,) = result.findings
    assert (finding.direction, finding.change) == ("mesh", ("AuthorizationPolicy/x/p",))
    steps = " ".join(next_steps(result))
    assert "add a rule to AuthorizationPolicy/x/p (" in steps
    assert "its client proves another identity than its own (--mesh-identity recorded)" in steps


def test_each_layer_that_denies_is_named(world: Path) -> None:
    result = audited(world, (A, B, 84))
    (finding,) = result.findings
    assert finding.direction == "ingress and mesh"
    assert finding.change == ("NetworkPolicy/x/np", "AuthorizationPolicy/x/p")
    network, mesh = deciders(finding)
    assert network.startswith("default-deny by NetworkPolicy/x/np (")
    assert mesh.startswith("mesh: default-deny by AuthorizationPolicy/x/p (")
    assert "in both layers at the destination, for each denies it: add a rule" in " ".join(next_steps(result))


@pytest.mark.parametrize(
    ("flow", "options", "reason", "advice"),
    [
        ((A, B, 83), {}, "needs_l7", "Envoy's access log, of sidecars and waypoints"),
        ((A, B, 81), {"mesh_identity": "recorded"}, "needs_identity", "ztunnel's or Envoy's access log"),
    ],
)
def test_what_is_open_says_which_log_tells(
    world: Path, flow: tuple[str, str, int], options: dict[str, Any], reason: str, advice: str
) -> None:
    world.write_text(WORLD.replace("[{port: 80}, {port: 81}]", "[{port: 81}, {port: 83}]"))
    result = audited(world, flow, **options)
    assert result.summary.verdicts.unknown_by_reason == {reason: 1}
    assert f"most unknowns are {reason}" in " ".join(next_steps(result))
    assert advice in " ".join(next_steps(result))


def test_a_rule_of_a_mesh_is_counted_once_whatever_proxies_make_of_it(world: Path) -> None:
    result = audited(world, (A, B, 81))
    rows = [row for row in result.policy_hits.to_pylist() if row["direction"] == "mesh"]
    named = {(row["policy"].rpartition("/")[2], row["rule"]): row["records"] for row in rows}
    expected = {("strict", "mtls STRICT"): 0}
    expected |= {("p", f"rules[{n}]"): records for n, records in ((0, 0), (1, 1), (2, 0))}
    assert named == expected
    assert len(rows) == len(named)
    assert (result.summary.cluster.rules, result.summary.unused_rules) == (5, 3)


SERVICE = """
---
apiVersion: v1
kind: Service
metadata: {name: s, namespace: x}
spec: {selector: {app: b}, clusterIP: 10.96.0.1, ports: [{port: 80}]}
"""


@pytest.mark.parametrize(("mesh", "expected"), [("auto", "tunnel"), ("off", "endpoint_other_port")])
def test_what_goes_to_a_tunnel_is_told_apart_from_what_goes_to_no_service(
    world: Path, mesh: str, expected: str
) -> None:
    world.write_text(WORLD + SERVICE)
    flows = world.with_name("flows.parquet")
    pq.write_table(rows((A, B, 80), (A, B, 15008), (A, B, 9090)), flows)
    done = flowcheck("load", flows, "--cluster", world, "--mesh", mesh, "-f", "json")
    result = json.loads(done.stdout)
    found = {name: records for name, records in result["classes"].items() if records}
    assert found == {"endpoint": 1, **Counter(["endpoint_other_port", expected])}
    assert result["services"][0]["other_port"] == found["endpoint_other_port"]


def test_the_command_leaves_a_mesh_out_where_the_audit_did(world: Path) -> None:
    again = audited(world, (A, B, 84), mesh="off").again
    assert again is not None
    assert again.options[-2:] == ("--mesh", "off")
    assert not again.asks_mesh


def test_there_is_no_command_where_the_layers_were_asked_at_two_ports(world: Path) -> None:
    result = audited(world, (A, B, 84), columns={"outer_port": [15008]})
    assert [command(finding, result.again) for finding in result.findings] == [""]


@pytest.mark.usefixtures("forked_workers")
def test_the_command_of_a_finding_tells_what_its_record_told(world: Path) -> None:
    told = {"src_principal": ["none"], "http_method": ["GET"], "http_path": ["/a b"]}
    result = audited(world, (A, B, 81), columns=told, mesh_identity="recorded")
    (finding,) = result.findings
    line = command(finding, result.again)
    assert "--mesh-identity recorded" in line
    assert "--principal none --method GET --path '/a b'" in line
    words = shlex.split(line)[1:]
    done = flowcheck(*words)
    assert done.stdout.startswith("DENY  x/Pod/a -> x/Pod/b, 81/TCP"), done.stderr
    assert "plaintext, where PeerAuthentication/x/strict" in " ".join(done.stdout.split())
