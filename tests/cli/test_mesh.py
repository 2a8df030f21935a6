"""--mesh and --mesh-identity, and the same from Python."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import flowcheck as package
from flowcheck.cli.main import main
from flowcheck.errors import RunError
from flowcheck.model.tiers import Layer
from flowcheck.reading import load_cluster
from flowcheck.results.audit import AuditResult
from flowcheck.runners.request import AuditRequest
from tests.cli.run import flowcheck
from tests.reports.build import make_clean_result

Finish = Callable[[AuditResult], dict[str, Any]]
WORLD = """
apiVersion: v1
kind: Namespace
metadata: {name: x, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: x}
status: {podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: x}
status: {podIP: 10.0.0.2}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: np, namespace: x}
spec: {podSelector: {}, ingress: [{}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p, namespace: x}
spec: {}
"""
LEFT_OUT = "1 policy of Istio left out, as --mesh off says"


@pytest.fixture
def world(tmp_path: Path) -> Path:
    path = tmp_path / "world.yaml"
    path.write_text(WORLD)
    return path


@pytest.mark.parametrize(
    ("given", "mesh", "identity"),
    [
        ([], "auto", "derived"),
        (["--mesh", "off"], "off", "derived"),
        (["--mesh-identity", "recorded"], "auto", "recorded"),
    ],
)
def test_an_audit_asks_for_it(finish: Finish, given: list[str], mesh: str, identity: str) -> None:
    asked = finish(make_clean_result())
    main(["audit", "flows", "--cluster", "cluster", *given])
    request: AuditRequest = asked["request"]
    assert (request.mesh, request.options.mesh_identity) == (mesh, identity)
    assert (request.judged_by == AuditRequest().judged_by) == (not given)


def test_explain_leaves_it_out_and_says_so(world: Path) -> None:
    ends = ("--cluster", world, "--from", "x/a", "--to", "x/b", "--port", "80")
    assert LEFT_OUT in flowcheck("explain", *ends, "--mesh", "off").stderr
    assert LEFT_OUT not in flowcheck("explain", *ends).stderr
    assert flowcheck("explain", *ends, "--mesh", "on").returncode == 2


def test_explain_takes_what_a_record_would_tell(world: Path) -> None:
    ends = ("--cluster", world, "--from", "x/a", "--to", "x/b", "--port", "80")
    told = ("--principal", "none", "--method", "GET", "--path", "/", "--host", "b.x", "--sni", "b")
    done = flowcheck("explain", *ends, *told)
    assert "identity    none (as it is asked about (--principal))" in done.stdout
    assert "changes nothing" not in done.stderr
    refused = flowcheck("explain", *ends, "--principal", "a")
    assert refused.returncode == 2
    assert "--principal: 'a' is no identity; write spiffe://" in refused.stderr


def test_what_is_told_changes_nothing_without_a_mesh(world: Path) -> None:
    world.write_text(WORLD.replace("ambient", "none"))
    ends = ("--cluster", world, "--from", "x/a", "--to", "x/b", "--port", "80")
    done = flowcheck("explain", *ends, "--method", "GET", "--sni", "b")
    assert "no pod is in a mesh, so --method, --sni changes nothing" in done.stderr
    assert "Mesh" not in done.stdout


def test_no_tier_of_calicos_is_missed(world: Path) -> None:
    ends = ("--cluster", world, "--from", "x/a", "--to", "x/b", "--port", "80")
    assert "Tier" not in flowcheck("explain", *ends).stderr


def test_python_takes_the_same_words(world: Path) -> None:
    cluster = load_cluster([world])
    layers = {}
    for mesh in ("auto", "off"):
        program = package.compile_program(cluster, mesh=mesh, mesh_identity="recorded")  # type: ignore[arg-type]
        assert program.cluster is not None
        assert program.options.mesh_identity == "recorded"
        layers[mesh] = {policy.tier.layer for policy in program.cluster.policies}
    assert layers == {"auto": {Layer.NETWORK, Layer.MESH}, "off": {Layer.NETWORK}}
    with pytest.raises(RunError, match="mesh cannot be 'on'"):
        package.compile_program(cluster, mesh="on")  # type: ignore[arg-type]


SAMPLE = Path(__file__).parents[2] / "data" / "mesh" / "cluster"


@pytest.mark.parametrize(
    ("source", "tunnelled"), [("batch/Pod/import-0", True), ("tools/Pod/scraper-0", False)]
)
def test_explain_tells_on_which_port_networks_see_what_ztunnel_carries(source: str, tunnelled: bool) -> None:
    asked = ("explain", "--cluster", SAMPLE, "--from", source, "--to", "stock/Pod/ledger-0", "--port", "5432")
    said = flowcheck(*asked).stdout
    assert "data plane  ztunnel" in said
    assert ("on the wire 15008/TCP" in said) is tunnelled


def test_workers_take_a_mesh_whose_addresses_change_hands(tmp_path: Path) -> None:
    """A snapshot with a time makes them so."""
    data = Path(__file__).parents[2] / "data" / "mesh"
    for file in (data / "cluster").glob("*.yaml"):
        folder = tmp_path / "2026-04-15T00-00-00Z"
        folder.mkdir(exist_ok=True)
        (folder / file.name).write_bytes(file.read_bytes())
    done = flowcheck("audit", data / "logs", "--cluster", tmp_path)
    assert done.returncode in (0, 1), done.stderr
