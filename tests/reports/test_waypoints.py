"""An access log of a waypoint, audited: what it let through though denied, and what explains it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

import flowcheck as library
from flowcheck.reports.audit.explaining import command
from tests.cli.run import flowcheck
from tests.dialects.test_istio import manifest
from tests.engines.test_istio_waypoints import CLIENT, GET_BY_A, MESH, OF_S, OTHER, SERVER, VIP


def request(src: str, method: str, *, refused: bool = False, **said: Any) -> str:
    """As a waypoint of Istio 1.31 writes it."""
    record = {
        "start_time": "2026-11-01T10:00:00.000Z",
        "duration": 2,
        "protocol": "HTTP/1.1",
        "method": method,
        "path": "/",
        "authority": "s.x",
        "response_code": 403 if refused else 200,
        "response_code_details": "rbac_access_denied_matched_policy[none]" if refused else "via_upstream",
        "bytes_received": 0,
        "bytes_sent": 19,
        "downstream_remote_address": f"{src}:59462",
        "downstream_local_address": f"{VIP}:80",
        "upstream_cluster": "inbound-vip|80|http|s.x.svc.cluster.local;",
        "upstream_host": None if refused else f"envoy://connect_originate/{SERVER}:8080",
        "upstream_local_address": None if refused else "envoy://internal_client_address/",
        **said,
    }
    return json.dumps(record) + "\n"


@pytest.fixture
def audited(tmp_path: Path) -> Any:
    (tmp_path / "world.yaml").write_text(MESH + manifest(f"{OF_S}, {GET_BY_A}"))
    log = tmp_path / "waypoint.log"
    log.write_text(
        request(CLIENT, "GET")
        + request(CLIENT, "PUT")
        + request(CLIENT, "PUT", refused=True)
        + request(OTHER, "GET", refused=True)
        + request(OTHER, "GET")
    )
    return library.audit(str(log), str(tmp_path / "world.yaml"), jobs=1)


@pytest.mark.usefixtures("forked_workers")
def test_what_a_waypoint_let_through_though_denied_is_found_and_explained(audited: Any) -> None:
    verdicts = audited.summary.verdicts
    assert (verdicts.allow, verdicts.deny, verdicts.unknown) == (1, 4, 0)
    assert {(one.example.src, one.direction, one.observed, one.records) for one in audited.findings} == {
        ("x/Pod/a", "mesh", "allowed", 1),
        ("x/Pod/c", "mesh", "allowed", 1),
    }
    for finding in audited.findings:
        words = shlex.split(command(finding, audited.again))
        assert words[-1] == "--waypoint"
        assert words[words.index("--port") + 1] == "80/tcp"
        text = " ".join(flowcheck(*words[1:]).stdout.split())
        assert text.startswith(f"DENY {finding.example.src} -> x/Pod/b, 80/TCP")
        assert "data plane a waypoint" in text
        assert "mesh: add this rule to spec.rules of AuthorizationPolicy/x/p" in text
        assert "the rule is for all that AuthorizationPolicy/x/p targets" in text


def test_what_the_waypoint_says_it_decided_is_what_its_policies_say(audited: Any) -> None:
    recorded = audited.summary.recorded
    assert (recorded.mesh_agree, recorded.mesh_differ) == (3, 2)
