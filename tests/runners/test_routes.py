"""What a route divides, in whole audits: from manifests and flows to the report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml

from flowcheck import api
from flowcheck.balance.expect.routing import read_routing
from flowcheck.balance.tell.records import ServiceLoad
from flowcheck.reading import load_cluster
from flowcheck.results.audit import AuditResult
from tests.runners.worlds import NOON, US, flows, write

pytestmark = pytest.mark.usefixtures("forked_workers")

CLIENTS = ["10.0.9.1", "10.0.9.2"]
BACKENDS = {"10.0.0.1": "v1", "10.0.0.2": "v1", "10.0.0.3": "v2"}
HOUR = 3_600_000_000


def _object(api: str, kind: str, name: str, spec: dict[str, Any], **labels: str) -> dict[str, Any]:
    meta = {"namespace": "shop", "name": name, "labels": labels}
    return {"apiVersion": api, "kind": kind, "metadata": meta, "spec": spec}


def _pod(name: str, address: str, **labels: str) -> dict[str, Any]:
    spec = {"nodeName": "n1", "containers": [{"name": "c", "ports": [{"containerPort": 8080}]}]}
    status = {"phase": "Running", "podIP": address, "conditions": [{"type": "Ready", "status": "True"}]}
    return {**_object("v1", "Pod", name, spec, **labels), "status": status}


def _with_sidecar(pod: dict[str, Any]) -> dict[str, Any]:
    pod["spec"]["containers"].append({"name": "istio-proxy", "args": ["proxy", "sidecar"]})
    return pod


def _service(name: str, address: str, **selector: str) -> dict[str, Any]:
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    return _object("v1", "Service", name, {"clusterIP": address, "selector": selector, "ports": ports})


def cluster() -> Iterator[dict[str, Any]]:
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    yield {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}}
    for n, (address, version) in enumerate(BACKENDS.items()):
        yield _pod(f"web-{n}", address, app="web", version=version)
    for n, address in enumerate(CLIENTS):
        yield _pod(f"front-{n}", address, **{"gateway.networking.k8s.io/gateway-name": "front"})


def http_route(*weights: int) -> dict[str, Any]:
    backends = [{"name": f"web-v{n}", "port": 80, "weight": w} for n, w in enumerate(weights, 1)]
    spec = {"parentRefs": [{"name": "front"}], "rules": [{"backendRefs": backends}]}
    return _object("gateway.networking.k8s.io/v1", "HTTPRoute", "web", spec)


def save(path: Path, *documents: dict[str, Any]) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump_all(documents))
    return path


def records(counts: list[int], start: int = NOON) -> pa.Table:
    """So many connections to each backend, of both clients, in ten minutes."""
    addresses = [address for address, n in zip(BACKENDS, counts, strict=True) for _ in range(n)]
    n = len(addresses)
    return flows(
        n,
        src_ip=pa.array([CLIENTS[i % 2] for i in range(n)]),
        dst_ip=pa.array(addresses),
        dst_port=pa.array([8080] * n),
        src_port=pa.array(np.arange(n) % 60_000 + 1024),
        start_time=pa.array(start + np.arange(n) * 600_000_000 // n, US),
    )


def audit(file: Path, shop: Path) -> AuditResult:
    return api.audit(file, shop, allow_no_policies=True)


def of(result: AuditResult, name: str) -> ServiceLoad:
    return next(service for service in result.load.services if service.service == name)


VERSIONS = [_service("web-v1", "10.96.0.1", version="v1"), _service("web-v2", "10.96.0.2", version="v2")]


def test_a_canary_behind_a_gateway_that_gets_too_little(tmp_path: Path) -> None:
    shop = save(tmp_path / "shop.yaml", *cluster(), *VERSIONS, http_route(80, 20))
    result = audit(write(tmp_path / "f.parquet", records([485, 485, 30])), shop)
    (split,) = of(result, "web-v1").splits
    assert (split.route, split.rule) == ("HTTPRoute shop/web", "rules[0]")
    assert (split.verdict, split.why, split.connections) == ("off_target", "weights", 1000)
    assert split.place.startswith(str(shop))
    assert of(result, "web-v1").choice.by == ("gateway",)
    fine = audit(write(tmp_path / "g.parquet", records([400, 400, 200])), shop)
    assert of(fine, "web-v1").splits[0].verdict == "on_target"


def test_each_version_of_a_route_is_held_against_its_own_time(tmp_path: Path) -> None:
    """An HTTPRoute of 90 to 10 at eleven, and of 50 to 50 from one o'clock on."""
    for hour, weights in (("11", (90, 10)), ("12", (90, 10)), ("13", (50, 50)), ("14", (50, 50))):
        folder = tmp_path / "history" / f"2026-03-10T{hour}:00:00Z"
        folder.parent.mkdir(exist_ok=True)
        save(folder / "all.yaml", *cluster(), *VERSIONS, http_route(*weights))
    noon = int(np.datetime64("2026-03-10T12:00:00", "us").astype(np.int64))
    early = records([450, 450, 100], noon - HOUR // 2)
    between = records([10, 10, 980], noon + HOUR // 2)
    late = records([250, 250, 500], noon + HOUR + HOUR // 2)
    file = write(tmp_path / "f.parquet", pa.concat_tables([early, between, late]))
    first, second = of(audit(file, tmp_path / "history"), "web-v1").splits
    assert [t.weight for t in first.targets] == [90, 10]
    assert (first.verdict, second.verdict) == ("on_target", "on_target")
    assert first.connections == second.connections == 1000


def test_a_virtual_service_is_read_by_sidecars(tmp_path: Path) -> None:
    weights = {"v1": 80, "v2": 20}
    destinations = [{"destination": {"host": "web", "subset": v}, "weight": w} for v, w in weights.items()]
    spec = {"hosts": ["web"], "http": [{"route": destinations}]}
    own = [{"name": v, "labels": {"version": v}} for v in ("v1", "v2")]
    istio = "networking.istio.io/v1"
    shop = save(
        tmp_path / "shop.yaml",
        *(one for one in cluster() if not one["metadata"]["name"].startswith("front")),
        *(_with_sidecar(_pod(f"client-{n}", address)) for n, address in enumerate(CLIENTS)),
        _service("web", "10.96.0.9", app="web"),
        _object(istio, "VirtualService", "web", spec),
        _object(istio, "DestinationRule", "web", {"host": "web", "subsets": own}),
    )
    result = audit(write(tmp_path / "f.parquet", records([485, 485, 30])), shop)
    web = of(result, "web")
    assert [(s.verdict, s.why, s.by) for s in web.splits] == [("off_target", "weights", ("sidecar",))]
    targets = [(t.target, t.connections, t.endpoints) for t in web.splits[0].targets]
    assert targets == [("v1", 970, 2), ("v2", 30, 1)]
    assert (web.state, web.choice.divided) == ("balanced", True)


def test_a_cluster_without_routes_and_mesh_has_none(tmp_path: Path) -> None:
    shop = save(tmp_path / "shop.yaml", *cluster(), *VERSIONS)
    result = audit(write(tmp_path / "f.parquet", records([10, 10, 10])), shop)
    assert all(one.choice is None and one.splits == () for one in result.load.services)
    assert read_routing(load_cluster(shop), {}) is None
