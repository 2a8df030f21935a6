"""What pods and ConfigMap linkerd-config tell of a Linkerd mesh, and that an inventory keeps it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowcheck.model.cluster import Cluster
from flowcheck.model.mesh.linkerd import LinkerdSettings, Server
from flowcheck.model.mesh.membership import LINKERD_PORTS, Membership
from flowcheck.model.peers import Access, DataPlane, InboundDefault
from tests.engines.linkerd_world import a_server, config
from tests.objects.test_mesh import deployment, member, pod, through_an_inventory

Load = Callable[..., Cluster]
VERSION, CONFIG = "linkerd.io/proxy-version", "config.linkerd.io/"
PROXY: dict[str, Any] = {"name": "linkerd-proxy"}


@pytest.mark.parametrize(
    "thing",
    [
        pod({"containers": [{"name": "c"}, PROXY]}),
        pod({"initContainers": [{**PROXY, "restartPolicy": "Always"}]}),
        pod(**{VERSION: "2.366"}),
    ],
)
def test_proxies(load: Load, thing: dict[str, Any]) -> None:
    wanted = Membership(DataPlane.LINKERD, LINKERD_PORTS, default=InboundDefault())
    assert member(load, thing) == member(load, deployment(thing)) == wanted


@pytest.mark.parametrize(("word", "is_member"), [("enabled", True), ("ingress", True), ("disabled", False)])
def test_pods_that_a_template_would_make(load: Load, word: str, is_member: bool) -> None:
    thing = pod(**{"linkerd.io/inject": word})
    assert (member(load, deployment(thing)) is not None) == is_member
    assert member(load, thing) is None


def test_pods_that_tell_of_no_proxy(load: Load) -> None:
    assert member(load, pod({"hostNetwork": True, "containers": [PROXY]})) is None
    assert member(load, pod(**{f"{CONFIG}skip-inbound-ports": "80"})) is None


TOLD = {
    f"{CONFIG}skip-inbound-ports": "80, 90-92",
    f"{CONFIG}skip-outbound-ports": "443",
    f"{CONFIG}default-inbound-policy": "cluster-authenticated",
    f"{CONFIG}proxy-require-identity-inbound-ports": "8080",
}


def test_what_annotations_tell(load: Load, tmp_path: Path) -> None:
    wanted = Membership(
        DataPlane.LINKERD,
        LINKERD_PORTS | {80, 90, 91, 92},
        frozenset({443}),
        default=InboundDefault(Access.CLUSTER_AUTHENTICATED, frozenset({8080})),
    )
    thing = pod(**{VERSION: "2.366", **TOLD})
    (kept,) = through_an_inventory(tmp_path, thing).pods
    assert member(load, thing) == kept.mesh == wanted


def test_what_probes_ask(load: Load, tmp_path: Path) -> None:
    ports = [{"name": "web", "containerPort": 8080}]
    probes = {
        "livenessProbe": {"httpGet": {"port": "Web"}},
        "readinessProbe": {"tcpSocket": {"port": 81}},
        "startupProbe": {"httpGet": {"port": 82}},
    }
    one = {"name": "c", "ports": ports, **probes}
    other = {"name": "d", "livenessProbe": {"httpGet": {"port": "web"}}}
    opaque = {"name": "e", "livenessProbe": {"httpGet": {"port": 3306}}}
    thing = pod({"containers": [one, other, opaque, PROXY]}, **{f"{CONFIG}opaque-ports": "3306"})
    found = member(load, thing)
    assert found is not None
    assert found.default == InboundDefault(probed=frozenset({8080, 82}))
    (kept,) = through_an_inventory(tmp_path, thing).pods
    assert kept.mesh == found


def test_what_the_init_container_was_told(load: Load) -> None:
    args = ["--inbound-ports-to-ignore", "4190,4191,5000", "--outbound-ports-to-ignore", "25"]
    spec = {"containers": [PROXY], "initContainers": [{"name": "linkerd-init", "args": args}]}
    found = member(load, pod(spec, **TOLD))
    assert found is not None
    assert (found.inbound_past, found.outbound_past) == (LINKERD_PORTS | {5000}, {25})


@pytest.mark.parametrize("text", ["80,http", "80,9-8", "0", "80-"])
def test_ports_that_are_none(load: Load, text: str) -> None:
    cluster = load(json.dumps(pod(**{VERSION: "", f"{CONFIG}skip-inbound-ports": text})), "a.json")
    assert cluster.pods[0].mesh is not None
    assert cluster.pods[0].mesh.inbound_past == LINKERD_PORTS
    assert any("which is no port or range of ports: all of it is passed over" in w for w in cluster.warnings)


def test_how_the_control_plane_is_set(load: Load, tmp_path: Path) -> None:
    values = config(
        namespace="l5d",
        clusterDomain="cluster.example",
        clusterNetworks="10.0.0.0/8, fd00::/8",
        proxy={"defaultInboundPolicy": "deny"},
        proxyInit={"ignoreInboundPorts": "25,587-588", "ignoreOutboundPorts": 443},
    )
    wanted = LinkerdSettings(
        "l5d",
        "cluster.example",
        Access.DENY,
        ("10.0.0.0/8", "fd00::/8"),
        frozenset({25, 587, 588}),
        frozenset({443}),
    )
    found = load(json.dumps(values), "a.json").linkerd
    kept = through_an_inventory(tmp_path, pod(), values).linkerd
    for one in (found, kept):
        assert one is not None
        assert (one.namespace, one.trust_domain, one.access) == ("l5d", "cluster.example", Access.DENY)
        assert one.networks == wanted.networks
        assert (one.inbound_past, one.outbound_past) == (wanted.inbound_past, wanted.outbound_past)


@pytest.mark.parametrize(
    ("values", "warning"),
    [
        ("[", "data.values: is no YAML"),
        ("[]", "data.values: is no mapping"),
        ("proxy: {defaultInboundPolicy: open}", "proxy.defaultInboundPolicy is 'open', which is none of"),
        ("clusterNetworks: any", "clusterNetworks: "),
    ],
)
def test_settings_that_are_none(load: Load, values: str, warning: str) -> None:
    thing = {**config(), "data": {"values": values}}
    assert any(warning in one for one in load(json.dumps(thing), "a.json").warnings)


def test_an_inventory_keeps_when_a_server_was_made(tmp_path: Path) -> None:
    made = "2026-01-01T00:00:00Z"
    (kept,) = through_an_inventory(tmp_path, pod(), a_server(creationTimestamp=made)).policies
    assert isinstance(kept.mesh, Server)
    assert kept.mesh.created == made
