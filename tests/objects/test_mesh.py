"""What pods and ConfigMap istio tell of a mesh, and that an inventory keeps it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowcheck.history.inventory import write_rows
from flowcheck.history.inventory.recording import rows_of
from flowcheck.model.cluster import Cluster
from flowcheck.model.mesh.membership import SIDECAR_PORTS, Membership, MeshSettings
from flowcheck.model.mesh.written import PeerAuthentication
from flowcheck.model.peers import DataPlane
from flowcheck.objects.mesh import EVERY_PORT
from flowcheck.reading import load_cluster, load_recording

Load = Callable[..., Cluster]
SIDECAR, AMBIENT, GATEWAY = DataPlane.SIDECAR, DataPlane.AMBIENT, DataPlane.GATEWAY
PROXY: dict[str, Any] = {"name": "istio-proxy", "args": ["proxy", "sidecar", "--domain", "d"]}
STATUS, REDIRECTION = "sidecar.istio.io/status", "ambient.istio.io/redirection"
TRAFFIC = "traffic.sidecar.istio.io/"


def pod(spec: dict[str, Any] | None = None, **annotations: str) -> dict[str, Any]:
    meta = {"name": "a", "namespace": "x", "annotations": annotations}
    spec = {"containers": [{"name": "c"}], **(spec or {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


def deployment(template: dict[str, Any]) -> dict[str, Any]:
    inner = {"metadata": {"annotations": template["metadata"]["annotations"]}, "spec": template["spec"]}
    meta = {"name": "d", "namespace": "x"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": {"template": inner}}


def member(load: Load, thing: dict[str, Any], name: str = "a.json") -> Membership | None:
    (found,) = load(json.dumps(thing), name).pods
    return found.mesh


SIDECARS = [
    pod({"containers": [{"name": "c"}, PROXY]}),
    pod({"initContainers": [{**PROXY, "restartPolicy": "Always"}]}),
    pod(**{STATUS: "{}"}),
    pod(**{STATUS: "{}", REDIRECTION: "enabled"}),
]


@pytest.mark.parametrize("name", ["a.json", "a.yaml"])
@pytest.mark.parametrize("thing", SIDECARS)
def test_sidecars(load: Load, thing: dict[str, Any], name: str) -> None:
    found = member(load, thing, name)
    assert found is not None
    assert (found.plane, found.inbound_past, found.outbound_past) == (SIDECAR, SIDECAR_PORTS, frozenset())
    assert member(load, deployment(thing), name) == found


@pytest.mark.parametrize(
    ("args", "annotations"),
    [(["proxy", "router"], {}), (["proxy", "waypoint"], {}), ([], {"inject.istio.io/templates": "gateway"})],
)
def test_gateways(load: Load, args: list[str], annotations: dict[str, str]) -> None:
    found = member(load, pod({"containers": [{**PROXY, "args": args}]}, **annotations))
    assert found is not None
    assert found.plane is GATEWAY


def test_pods_whose_node_redirects_them(load: Load) -> None:
    found = member(load, pod(**{REDIRECTION: "enabled"}))
    assert found == Membership(AMBIENT, because=f"its annotation {REDIRECTION}")
    assert member(load, pod(**{REDIRECTION: "pending"})) is None
    past = member(load, pod(**{REDIRECTION: "enabled", "ambient.istio.io/bypass-inbound-capture": "true"}))
    assert past is not None
    assert past.inbound_past == EVERY_PORT


def test_pods_that_tell_of_no_proxy(load: Load) -> None:
    assert member(load, pod()) is None
    assert member(load, pod({"hostNetwork": True, "containers": [PROXY]})) is None
    assert member(load, pod(**{f"{TRAFFIC}excludeInboundPorts": "80"})) is None
    wanted = member(load, deployment(pod(**{f"{TRAFFIC}excludeInboundPorts": "80"})))
    assert wanted is not None
    assert wanted.inbound_past == SIDECAR_PORTS | {80}


@pytest.mark.parametrize(
    ("annotations", "inbound", "outbound"),
    [
        ({f"{TRAFFIC}excludeInboundPorts": "80, 81"}, SIDECAR_PORTS | {80, 81}, set()),
        ({f"{TRAFFIC}excludeOutboundPorts": "443"}, SIDECAR_PORTS, {443}),
        ({f"{TRAFFIC}includeInboundPorts": "*"}, SIDECAR_PORTS, set()),
        ({f"{TRAFFIC}includeInboundPorts": "80"}, EVERY_PORT - {80}, set()),
        ({f"{TRAFFIC}includeInboundPorts": ""}, EVERY_PORT, set()),
        ({"status.sidecar.istio.io/port": "15022"}, SIDECAR_PORTS | {15022}, set()),
        ({"sidecar.istio.io/interceptionMode": "NONE"}, EVERY_PORT, EVERY_PORT),
    ],
)
def test_ports_that_go_past(
    load: Load, tmp_path: Path, annotations: dict[str, str], inbound: set[int], outbound: set[int]
) -> None:
    thing = pod(**{STATUS: "", **annotations})
    found = member(load, thing)
    assert found is not None
    assert (found.inbound_past, found.outbound_past) == (inbound, outbound)
    (kept,) = through_an_inventory(tmp_path, thing).pods
    assert kept.mesh == Membership(
        SIDECAR, frozenset(inbound), frozenset(outbound), "", f"its annotation {STATUS}"
    )


def through_an_inventory(tmp_path: Path, *things: dict[str, Any]) -> Cluster:
    source, kept = tmp_path / "kept.json", tmp_path / "inventory.parquet"
    source.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": things}))
    write_rows(rows_of(load_recording([source])), kept)
    return load_cluster([kept])


def test_a_port_that_is_none_is_passed_over(load: Load) -> None:
    thing = pod(**{STATUS: "", f"{TRAFFIC}excludeInboundPorts": "80,http"})
    cluster = load(json.dumps(thing))
    assert cluster.pods[0].mesh is not None
    assert cluster.pods[0].mesh.inbound_past == SIDECAR_PORTS | {80}
    assert any("excludeInboundPorts holds 'http', which is no port" in one for one in cluster.warnings)


CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    accessLogFile: /dev/stdout
    rootNamespace: config
    trustDomain: td
    trustDomainAliases: [old, older]
---
"""


def test_how_the_mesh_is_set(load: Load) -> None:
    found = load(CONFIG + json.dumps(pod())).mesh
    assert found is not None
    assert (found.root_namespace, found.trust_domain, found.aliases) == ("config", "td", ("old", "older"))
    assert (found.source.line, load(json.dumps(pod())).mesh) == (2, None)


@pytest.mark.parametrize(
    ("mesh", "said"), [("'a: b: c'", "is no YAML"), ("'[a]'", "is no mapping"), ("'{}'", "")]
)
def test_what_cannot_be_read_of_it_is_passed_over(load: Load, mesh: str, said: str) -> None:
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\n"
    cluster = load(f"{head}data: {{mesh: {mesh}}}\n---\n{json.dumps(pod())}")
    assert any(f"data.mesh: {said}" in one for one in cluster.warnings) == bool(said)
    if not said:
        assert cluster.mesh is not None
        assert (cluster.mesh.root_namespace, cluster.mesh.trust_domain) == ("istio-system", "cluster.local")


def test_another_config_map_of_that_name_tells_nothing(load: Load) -> None:
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: other}\n"
    assert load(f"{head}data: {{a: b}}\n---\n{json.dumps(pod())}").mesh is None


def test_an_inventory_keeps_the_mesh(tmp_path: Path) -> None:
    meta = {"name": "p", "namespace": "x", "creationTimestamp": "2026-05-01T00:00:00Z"}
    api = {"apiVersion": "security.istio.io/v1"}
    peer = {**api, "kind": "PeerAuthentication", "metadata": meta, "spec": {"mtls": {"mode": "STRICT"}}}
    dry = {"istio.io/dry-run": "true", "other": "kept out"}
    rules = {**api, "kind": "AuthorizationPolicy", "metadata": {**meta, "annotations": dry}, "spec": {}}
    config = {"mesh": "trustDomain: td"}
    settings = {"name": "istio", "namespace": "istio-system"}
    configured = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": settings, "data": config}
    ambient = pod(**{REDIRECTION: "enabled"})
    gateway = deployment(pod({"containers": [{**PROXY, "args": ["proxy", "router"]}]}))
    cluster = through_an_inventory(tmp_path, peer, rules, configured, ambient, gateway)
    planes = {one.name: one.mesh.plane for one in cluster.pods if one.mesh}
    assert planes == {"a": AMBIENT, "d": GATEWAY}
    written = {one.kind: one for one in cluster.policies}
    assert written["AuthorizationPolicy"].staged
    mesh = written["PeerAuthentication"].mesh
    assert isinstance(mesh, PeerAuthentication)
    assert mesh.created == "2026-05-01T00:00:00Z"
    assert cluster.mesh is not None
    assert cluster.mesh.trust_domain == MeshSettings(trust_domain="td").trust_domain
