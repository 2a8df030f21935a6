"""A rule that unknown flows may have hit is not called unused, unless something speaks against it."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from flowcheck.api import audit
from flowcheck.results.audit import AuditResult
from tests.runners.worlds import flows, write

pytestmark = pytest.mark.usefixtures("forked_workers")

SQL = {"name": "sql", "containerPort": 5432}
DB, WEB, NOBODY = "10.8.1.10", "10.8.1.11", "10.8.1.99"


def pod(name: str, address: str, namespace: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {
            "nodeName": "n1",
            "containers": [{"name": "c", "ports": [SQL]}],
        },
        "status": {"phase": "Running", "podIP": address},
    }


def policy(name: str, namespace: str, *ports: object) -> dict[str, object]:
    rules = [
        {"ports": [{"port": port}], "from": [{"podSelector": {"matchLabels": {"app": "x"}}}]}
        for port in ports
    ]
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": rules}
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta, "spec": spec}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> AuditResult:
    """Three flows from an address that nobody had, to the database at 5432, and one from the web pod."""
    folder = tmp_path_factory.mktemp("perhaps")
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "n1"},
        "spec": {"podCIDR": "10.8.1.0/24"},
        "status": {"addresses": [{"type": "InternalIP", "address": "10.0.0.1"}]},
    }
    objects = [
        node,
        pod("db", DB, "shop"),
        pod("web", WEB, "lab"),
        policy("here", "shop", 5432, "sql", 80),
        policy("there", "lab", 5432),
    ]
    (folder / "cluster.json").write_text("\n".join(map(json.dumps, objects)))
    columns = {
        "src_ip": pa.array([NOBODY] * 3 + [WEB]),
        "dst_ip": pa.array([DB] * 4),
        "dst_port": pa.array([5432] * 4, pa.int32()),
    }
    return audit(write(folder / "f.parquet", flows(4, **columns)), [folder / "cluster.json"], jobs=1)


def test_rules_of_the_port_and_the_namespace_may_have_been_hit(result: AuditResult) -> None:
    rows = result.policy_hits.to_pylist()
    assert {
        f"{row['policy']}[{row['rule']}]": row["unknown_records"] for row in rows if row["records"] == 0
    } == {
        "NetworkPolicy/shop/here[ingress[0]]": 3,
        "NetworkPolicy/shop/here[ingress[1]]": 3,
        "NetworkPolicy/shop/here[ingress[2]]": 0,
        "NetworkPolicy/lab/there[ingress[0]]": 0,
    }
    assert (result.summary.unused_rules, result.summary.open_rules) == (2, 2)


def test_they_are_said_apart(result: AuditResult) -> None:
    unused = str(result).split("Rules never hit\n")[1].split("\n\n")[0]
    assert "2 of 4 rules (50.00%) decided no flow" in unused
    assert "here[ingress[2]]" in unused.partition("2 more")[0]
    assert "here[ingress[0]]" in unused.partition("2 more")[2]
    assert "may have been hit by 3 unknown rows" in " ".join(unused.split())
