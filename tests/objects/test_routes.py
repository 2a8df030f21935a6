"""VirtualServices, DestinationRules and the routes of Gateway API: what they say, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from flowcheck.errors import ManifestError
from flowcheck.history.inventory import write_rows
from flowcheck.history.inventory.recording import rows_of
from flowcheck.model.cluster import Cluster
from flowcheck.model.mesh.requests import Carried
from flowcheck.model.mesh.routes import (
    Balancer,
    DestinationRule,
    Locality,
    Match,
    Parent,
    Route,
    Target,
    covers,
    full_host,
    is_exported,
    service_of,
)
from flowcheck.reading import load_cluster, load_recording

ISTIO, GATEWAY = "networking.istio.io/v1", "gateway.networking.k8s.io/v1"


def read(tmp_path: Path, *documents: dict[str, Any]) -> Cluster:
    file = tmp_path / "routes.yaml"
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "shop"}}
    file.write_text(yaml.safe_dump_all([pod, *documents]))
    return load_cluster([file])


def made(kind: str, spec: dict[str, Any], version: str = ISTIO) -> dict[str, Any]:
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"namespace": "shop", "name": "web"},
        "spec": spec,
    }


def route(tmp_path: Path, kind: str, spec: dict[str, Any], version: str = ISTIO) -> Route:
    (found,) = read(tmp_path, made(kind, spec, version)).routes
    return found


def rule(tmp_path: Path, spec: dict[str, Any]) -> DestinationRule:
    (found,) = read(tmp_path, made("DestinationRule", spec)).destination_rules
    return found


def to(subset: str, weight: int | None = None, host: str = "web") -> dict[str, Any]:
    destination = {"destination": {"host": host, "subset": subset}}
    return destination if weight is None else {**destination, "weight": weight}


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha3"])
def test_a_virtual_service(tmp_path: Path, version: str) -> None:
    spec = {
        "hosts": ["web", "api.example.com"],
        "gateways": ["mesh", "front", "edge/front"],
        "http": [
            {"match": [{"headers": {"x": {"exact": "y"}}, "port": 80}], "route": [to("v2")]},
            {"match": [{"uri": {"prefix": "/"}}], "route": [to("v1", 90), to("v2", 10)]},
            {"redirect": {"uri": "/"}},
        ],
        "tcp": [{"route": [to("v1", 1), {"destination": {"host": "db.data.svc.cluster.local"}}]}],
        "tls": [{"match": [{"sniHosts": ["a"]}], "route": [to("v1", 0)]}],
        "exportTo": ["."],
    }
    found = route(tmp_path, "VirtualService", spec, f"networking.istio.io/{version}")
    assert found.hosts == ("web.shop.svc.cluster.local", "api.example.com")
    assert found.gateways == ("mesh", "shop/front", "edge/front")
    assert (found.exported_to, found.ordered) == ((".",), True)
    first, second, third, tls, tcp = found.rules
    assert first.matches == (Match(80, (), ("headers",)),)
    assert first.targets == (Target("shop", "web", subset="v2"),)
    assert second.matches == (Match(),)
    assert [t.weight for t in second.targets] == [90, 10]
    assert third.instead == "redirect"
    assert (tls.carried, tls.matches, tls.targets[0].weight) == (Carried.TCP, (Match(asks=("sniHosts",)),), 1)
    assert tcp.targets == (Target("shop", "web", subset="v1"), Target("data", "db", weight=0))
    assert first.source.line > found.source.line


def test_a_host_outside_is_a_target_that_no_endpoint_is(tmp_path: Path) -> None:
    spec = {"hosts": ["web"], "http": [{"route": [to("", 1, "api.example.com")], "mirror": {"host": "copy"}}]}
    (found,) = route(tmp_path, "VirtualService", spec).rules
    assert (found.targets[0].fault, found.targets[0].label) == (
        "no Service of the cluster",
        "api.example.com",
    )
    assert found.mirrors == (Target("shop", "copy"),)


@pytest.mark.parametrize(
    ("http", "problem", "path"),
    [
        ([{"rout": []}], "is not a field here", "spec.http[0].rout"),
        ([{}], "needs one of route, redirect, directResponse, delegate", "spec.http[0]"),
        ([{"route": [{"weight": 1}]}], "needs destination", "spec.http[0].route[0]"),
        ([{"route": [to("a", 0), to("b", 0)]}], "has no weight above 0", "spec.http[0].route"),
        ([{"route": [to("a", -1), to("b", 1)]}], "must be from 0 to", "spec.http[0].route[0].weight"),
        ([{"route": [{"destination": {}}]}], "needs host", "spec.http[0].route[0].destination"),
    ],
)
def test_what_istio_would_refuse(tmp_path: Path, http: list[Any], problem: str, path: str) -> None:
    with pytest.raises(ManifestError) as error:
        read(tmp_path, made("VirtualService", {"hosts": ["web"], "http": http}))
    assert any(problem in one.message and one.where.endswith(path) for one in error.value.problems)
    assert all("routes.yaml:" in one.where for one in error.value.problems)


def test_a_version_that_is_not_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as error:
        read(tmp_path, made("VirtualService", {"hosts": ["web"]}, "networking.istio.io/v9"))
    assert "write networking.istio.io/v1" in error.value.problems[0].hint


def test_a_destination_rule(tmp_path: Path) -> None:
    balancer = {"loadBalancer": {"simple": "ROUND_ROBIN"}}
    spec = {
        "host": "web",
        "trafficPolicy": {
            **balancer,
            "outlierDetection": {},
            "portLevelSettings": [{"port": {"number": 80}, "loadBalancer": {"simple": "LEAST_CONN"}}],
        },
        "subsets": [
            {"name": "v1", "labels": {"version": "v1"}},
            {"name": "v2", "trafficPolicy": {"loadBalancer": {"consistentHash": {"useSourceIp": True}}}},
        ],
    }
    found = rule(tmp_path, spec)
    assert found.host == "web.shop.svc.cluster.local"
    assert (found.policy.balancer, found.policy.ejects) == (Balancer.ROUND_ROBIN, True)
    assert [(n, p.balancer, p.ejects) for n, p in found.ports] == [(80, Balancer.LEAST_REQUEST, False)]
    first, second = found.subsets
    assert first.labels == (("version", "v1"),)
    assert first.policy.over(found.policy) == found.policy
    assert second.policy.over(found.policy).balancer is Balancer.CONSISTENT_HASH
    assert second.policy.over(found.policy).ejects


@pytest.mark.parametrize(
    ("balancer", "locality"),
    [
        ({"localityLbSetting": {"enabled": False}}, Locality.OFF),
        ({"localityLbSetting": {"distribute": []}}, Locality.CHOSEN),
        ({"localityLbSetting": {"enabled": True}}, Locality.ON),
        ({"zoneAwareLbSetting": {}}, Locality.CHOSEN),
        ({"simple": "RANDOM"}, Locality.UNSET),
    ],
)
def test_what_a_destination_rule_says_of_zones(
    tmp_path: Path, balancer: dict[str, Any], locality: Locality
) -> None:
    spec = {"host": "web", "trafficPolicy": {"loadBalancer": balancer}}
    assert rule(tmp_path, spec).policy.locality is locality


def test_an_http_route(tmp_path: Path) -> None:
    spec = {
        "parentRefs": [
            {"name": "front"},
            {"kind": "Service", "group": "", "name": "web", "port": 80},
            {"kind": "Other", "group": "x.io", "name": "x"},
        ],
        "rules": [
            {
                "matches": [{"path": {"value": "/"}}, {"path": {"value": "/a"}, "method": "GET"}],
                "backendRefs": [{"name": "v1", "port": 80, "weight": 0}, {"name": "v2", "namespace": "b"}],
            },
            {"filters": [{"type": "RequestRedirect", "requestRedirect": {}}]},
            {"backendRefs": [{"kind": "Bucket", "group": "x.io", "name": "b"}]},
            {
                "filters": [{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "copy"}}}],
                "backendRefs": [{"name": "v1"}],
            },
        ],
    }
    found = route(tmp_path, "HTTPRoute", spec, GATEWAY)
    assert found.parents == (Parent("Gateway", "shop", "front"), Parent("Service", "shop", "web", 80))
    first, second, third, fourth = found.rules
    assert first.matches == (Match(), Match(asks=("path", "method")))
    assert first.targets == (Target("shop", "v1", 80, weight=0), Target("b", "v2"))
    assert (second.instead, third.targets[0].fault) == ("redirect", "no Service of the cluster")
    assert fourth.mirrors == (Target("shop", "copy"),)
    assert not found.ordered


def test_a_tcp_route_and_a_grpc_route(tmp_path: Path) -> None:
    spec = {"parentRefs": [{"name": "front"}], "rules": [{"backendRefs": [{"name": "db", "weight": 3}]}]}
    (tcp,) = route(tmp_path, "TCPRoute", spec, "gateway.networking.k8s.io/v1alpha2").rules
    assert (tcp.carried, tcp.targets[0].weight) == (Carried.TCP, 3)
    assert route(tmp_path, "GRPCRoute", spec, GATEWAY).rules[0].carried is Carried.HTTP


def test_a_weight_beyond_gateway_apis_is_refused(tmp_path: Path) -> None:
    spec = {"rules": [{"backendRefs": [{"name": "a", "weight": 1_000_001}]}]}
    with pytest.raises(ManifestError) as error:
        read(tmp_path, made("HTTPRoute", spec, GATEWAY))
    assert "must be from 0 to 1000000" in error.value.problems[0].message


def test_hosts() -> None:
    assert full_host("web", "shop") == "web.shop.svc.cluster.local"
    assert full_host("web.other", "shop") == "web.other"  # a name with a dot is taken for whole
    assert service_of("web.shop.svc.corp.internal") == ("shop", "web")
    assert service_of("web.shop.svc.clusterset.local") is None
    assert covers("*.shop.svc.cluster.local", "shop", "web")
    assert not covers("*.shop.svc.cluster.local", "other", "web")
    assert covers("*", "shop", "web")


def test_for_whom_what_is_exported_holds() -> None:
    assert is_exported((), "a", "b")
    assert is_exported(("*",), "a", "b")
    assert is_exported(("b",), "a", "b")
    assert is_exported((".",), "a", "a")
    assert not is_exported((".",), "a", "b")


def test_a_route_that_changed_has_a_version_for_each(tmp_path: Path) -> None:
    """From snapshots of two times; only its place in the file changed between the first two."""
    for hour, weight in enumerate((10, 10, 50)):
        folder = tmp_path / f"2026-01-01T0{hour}:00:00Z"
        folder.mkdir()
        spec = {"hosts": ["web"], "http": [{"route": [to("v1", 100 - weight), to("v2", weight)]}]}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"p{weight}", "namespace": "shop"}}
        text = yaml.safe_dump_all([pod] * bool(hour) + [made("VirtualService", spec)])
        (folder / "all.yaml").write_text(text)
    routes = load_cluster([tmp_path]).routes
    assert [one.rules[0].targets[1].weight for one in routes] == [10, 50]
    assert routes[0].lifetime.sure_end < routes[1].lifetime.sure_start


def test_an_inventory_keeps_routes(tmp_path: Path) -> None:
    spec = {"hosts": ["web"], "http": [{"route": [to("v1", 90), to("v2", 10)]}]}
    subsets = {"host": "web", "subsets": [{"name": "v1", "labels": {"version": "v1"}}]}
    file = tmp_path / "routes.yaml"
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "shop"}}
    file.write_text(yaml.safe_dump_all([pod, made("VirtualService", spec), made("DestinationRule", subsets)]))
    recording = load_recording([file])
    write_rows(list(rows_of(recording)), tmp_path / "kept.parquet")
    again = load_cluster([tmp_path / "kept.parquet"])
    assert again.routes == recording.cluster.routes
    assert again.destination_rules == recording.cluster.destination_rules
