"""What a log says of rules where a workload's pods, or a Service's, are not alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import flowcheck
from flowcheck.results.records.rules import RulesRecord
from tests.runners.worlds import flows

pytestmark = pytest.mark.usefixtures("forked_workers")

WEB, DB_0, DB_1, SERVICE = "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.96.0.2"
OWNER = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": "u", "controller": True}


def pod(name: str, address: str, **owner: Any) -> dict[str, Any]:
    labels = {"app": name.partition("-")[0], "pod": name}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "labels": labels, **owner},
        "spec": {"containers": [{"name": "c", "ports": [{"containerPort": 5432}]}]},
        "status": {"phase": "Running", "podIP": address},
    }


def policy(name: str, **selects: str) -> dict[str, Any]:
    """That lets web come to some pods."""
    spec = {
        "podSelector": {"matchLabels": selects},
        "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}],
    }
    meta = {"name": name, "namespace": "shop"}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta, "spec": spec}


BACKENDS = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "db", "namespace": "shop"},
    "spec": {"clusterIP": SERVICE, "selector": {"app": "db"}, "ports": [{"port": 5432, "protocol": "TCP"}]},
}


def rules(folder: Path, destinations: list[str], *policies: dict[str, Any]) -> RulesRecord:
    """Of a log in which web comes to these addresses."""
    owned = {"ownerReferences": [OWNER]}
    pods = pod("web-0", WEB), pod("db-0", DB_0, **owned), pod("db-1", DB_1, **owned)
    items = [*pods, BACKENDS, *policies]
    (folder / "cluster.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    n = len(destinations)
    log = flows(
        n,
        src_ip=pa.array([WEB] * n),
        dst_ip=pa.array(destinations),
        dst_port=pa.array([5432] * n, pa.int32()),
    )
    return flowcheck.rules(folder, log)


def test_only_what_comes_to_pods_that_nothing_isolates_is_let_in_by_that(tmp_path: Path) -> None:
    """One of the workload's two pods is isolated, and a rule lets the same come to it."""
    told = rules(tmp_path, [DB_0, DB_0, DB_1], policy("first", pod="db-0"))
    (one,) = (u for u in told.unprotected if u.workload == "shop/StatefulSet/db" and u.layer == "ingress")
    assert (one.pods_isolated, one.pods_unisolated) == (1, 1)
    assert one.flows is not None
    assert one.flows.records == 1


@pytest.mark.parametrize("address", [DB_0, SERVICE])
def test_what_would_be_another_verdict_at_another_backend_is_open(tmp_path: Path, address: str) -> None:
    """Without the rule about all backends the other one still lets it come, but to the first alone."""
    told = rules(tmp_path, [address], policy("all", app="db"), policy("one", pod="db-0"))
    traffic = {one.policy: one.traffic for one in told.rules}["NetworkPolicy/shop/all"]
    assert traffic is not None
    assert (traffic.alike_records, traffic.open_records) == ((1, 0) if address == DB_0 else (0, 1))
