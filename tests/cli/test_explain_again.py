"""The command that a report prints for a finding: run as it stands, it says what the audit said."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import flowcheck as library
from flowcheck.reports.audit.explaining import command, on_lines
from flowcheck.results.again import Again
from flowcheck.results.audit import AuditResult
from tests.cli.run import flowcheck
from tests.reports.build import HOSTILE, make_finding

ROOT = Path(__file__).parent.parent.parent
CILIUM = ROOT / "data" / "cilium"
CALICO = """
apiVersion: v1
kind: Namespace
metadata: {name: x}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x, labels: {app: a}}
spec: {containers: [{name: c}]}
status: {podIP: 10.0.0.1, phase: Running}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: x, labels: {app: b}}
spec: {containers: [{name: c}]}
status: {podIP: 10.0.0.2, phase: Running}
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: p, namespace: x}
spec:
  selector: app == 'b'
  ingress: [{action: Allow, protocol: TCP, source: {ports: [53]}}]
"""


def explained(line: str) -> dict[str, Any]:
    words = shlex.split(line)
    done = flowcheck(*words[1:], "-f", "json")
    assert done.returncode == 0, done.stderr
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def check(result: AuditResult) -> int:
    found = [finding for finding in result.findings if finding.kind == "forwarded_denied"]
    for finding in found:
        answer = explained(command(finding, result.again))
        sides = [side for case in answer["cases"] for side in (case["egress"], case["ingress"])]
        assert answer["verdict"] == "deny"
        named = {policy.removeprefix("default-deny by ") for policy in finding.policies}
        decided = [side["decided_by"] for side in sides if side["verdict"] == "deny"]
        assert {one for text in decided for one in text.removeprefix("default-deny by ").split(", ")} == named
    return len(found)


@pytest.mark.usefixtures("forked_workers")
def test_of_policies_about_names() -> None:
    log = CILIUM / "hubble.jsonl.gz"
    options = {"jobs": 1, "dns_map": log, "cni": "cilium", "own_node": "policy"}
    result = library.audit([str(log)], str(CILIUM / "cluster"), **options)  # type: ignore[arg-type]
    assert check(result) == 4
    assert result.again is not None
    assert result.again.options == (
        *("--cluster", str(CILIUM / "cluster"), "--cni", "cilium", "--own-node", "policy"),
        *("--dns-map", str(log)),
    )


def test_of_rules_that_ask_for_the_port_at_the_source(tmp_path: Path) -> None:
    folder = tmp_path / "it's a; cluster"
    folder.mkdir()
    (folder / "all.yaml").write_text(CALICO)
    start = datetime(2026, 3, 10, 9, tzinfo=UTC)
    ports = {"src_port": [53, 54], "dst_port": [80, 80], "protocol": [6, 6]}
    ends = {"src_ip": ["10.0.0.1"] * 2, "dst_ip": ["10.0.0.2"] * 2}
    actions = {"initiator": [1, 1], "action": [1, 1]}
    flows = pa.table(
        {"start_time": pa.array([start] * 2, pa.timestamp("us", "UTC")), **ends, **ports, **actions}
    )
    result = library.audit(flows, folder, jobs=1)
    assert check(result) == 1
    (finding,) = result.findings
    assert command(finding, result.again).endswith("--source-port 54 --at 2026-03-10T09:00:00Z")


def test_what_cannot_be_shown_is_in_no_command() -> None:
    assert command(make_finding(), Again(("--cluster", HOSTILE))) == ""
    assert command(make_finding(), None) == ""
    assert command(make_finding(protocol="ICMP", port=None), Again()) == ""


def test_on_lines_it_is_the_same_command() -> None:
    line = command(make_finding(), Again(("--cluster", "a folder", "--cni", "cilium")))
    assert line.startswith("flowcheck explain --cluster 'a folder' --cni cilium --from ")
    lines = on_lines(line, 50)
    assert len(lines) > 2
    assert all(len(one) <= 50 for one in lines)
    assert "".join(one.removesuffix("\\") for one in lines) == line
    assert on_lines(line, 500) == [line]
