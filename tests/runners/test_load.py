"""The load in whole audits: every row in one class, nothing depends on workers, cuts or interruptions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from flowcheck.api import audit
from flowcheck.balance.tell.records import ServiceLoad
from flowcheck.errors import RunError
from flowcheck.results.audit import AuditResult
from flowcheck.runners import local
from tests.runners.worlds import NOON, US, flows, write

pytestmark = pytest.mark.usefixtures("forked_workers")

VIP, CLIENT, STRANGER = "10.96.0.10", "10.0.9.1", "203.0.113.9"
BACKENDS = ["10.0.0.1", "10.0.0.2", "10.0.0.3"]


def _meta(name: str, **labels: str) -> dict[str, Any]:
    return {"namespace": "shop", "name": name, "labels": labels}


def _pod(name: str, address: str, **labels: str) -> dict[str, Any]:
    status = {"phase": "Running", "podIP": address, "conditions": [{"type": "Ready", "status": "True"}]}
    spec = {"nodeName": "n1", "containers": [{"name": "c", "ports": [{"containerPort": 8080}]}]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _meta(name, **labels),
        "spec": spec,
        "status": status,
    }


def _service(name: str, address: str, port: int, **labels: str) -> dict[str, Any]:
    spec = {"clusterIP": address, "selector": labels, "ports": [{"port": port, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _meta(name), "spec": spec}


def documents() -> Iterator[dict[str, Any]]:
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    yield {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}}
    yield from (_pod(f"web-{n}", address, app="web") for n, address in enumerate(BACKENDS))
    yield _pod("client", CLIENT, app="client")
    yield _service("web", VIP, 80, app="web")
    yield {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": _meta("web"),
        "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [{"ports": [{"port": 8080}]}]},
    }


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    file = tmp_path / "shop.yaml"
    file.write_text(yaml.safe_dump_all(documents()))
    return file


def to(addresses: list[str], **columns: pa.Array | None) -> pa.Table:
    n = len(addresses)
    own: dict[str, pa.Array | None] = {
        "src_ip": pa.array([CLIENT] * n),
        "dst_ip": pa.array(addresses),
        "dst_port": pa.array([8080] * n),
        "src_port": pa.array(np.arange(n) % 60_000 + 1024),
        "start_time": pa.array(NOON + np.arange(n) * 1_000_000, US),
    }
    return flows(n, **{**own, **columns})


def web(result: AuditResult) -> ServiceLoad:
    return next(service for service in result.load.services if service.service == "web")


def counts(result: AuditResult) -> dict[str, int]:
    return {endpoint.address: endpoint.connections for endpoint in web(result).endpoints}


def test_connections_are_counted_by_backend_and_held_against_an_even_spread(
    tmp_path: Path, shop: Path
) -> None:
    file = write(tmp_path / "f.parquet", to([BACKENDS[0]] * 300 + [BACKENDS[1]] * 150 + [BACKENDS[2]] * 150))
    result = audit(file, shop, out=tmp_path / "out")
    assert counts(result) == {BACKENDS[0]: 300, BACKENDS[1]: 150, BACKENDS[2]: 150}
    assert (web(result).state, web(result).misplaced) == ("skewed", pytest.approx(1 / 6))
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["load"] == {"balanced": 0, "skewed": 1, "insufficient": 0, "not_applicable": 0}
    table = pq.read_table(tmp_path / "out" / "load.parquet").to_pylist()
    assert {row["address"]: row["connections"] for row in table} == counts(result)
    (row,) = pq.read_table(tmp_path / "out" / "services.parquet").to_pylist()
    assert (row["service"], row["connections"], row["state"]) == ("web", 600, "skewed")


def test_a_service_named_by_the_record_counts_whatever_the_port(tmp_path: Path, shop: Path) -> None:
    """By name, by address and port, by address alone; a name nobody has leaves it to the destination."""
    table = to(
        BACKENDS * 2,
        dst_port=pa.array([9999, 9999, 9999, 9999, 9999, 8080]),
        service_name=pa.array(["shop/web", None, None, None, "shop/gone", "shop/gone"]),
        service_ip=pa.array([None, VIP, VIP, VIP, VIP, VIP]),
        service_port=pa.array([80, 80, None, 81, 80, 80], pa.uint16()),
    )
    result = audit(write(tmp_path / "f.parquet", table), shop)
    assert result.load.classes["vip+endpoint"] == 3
    assert result.load.classes["endpoint_other_port"] == 2
    assert result.load.classes["endpoint"] == 1


def test_repeats_replies_and_refusals_are_no_connections(tmp_path: Path, shop: Path) -> None:
    same = {"src_port": pa.array([5000] * 3), "start_time": pa.array([NOON] * 3, US)}
    once = to(BACKENDS, **same, initiator=pa.array([1] * 3, pa.int8()))
    reply = flows(
        1,
        src_ip=pa.array([BACKENDS[0]]),
        dst_ip=pa.array([CLIENT]),
        src_port=pa.array([8080]),
        dst_port=pa.array([5000]),
        initiator=pa.array([0], pa.int8()),
    )
    refused = once.slice(1, 1).set_column(5, "action", pa.array([2], pa.int8()))
    table = pa.concat_tables([once, once, reply, refused], promote_options="permissive")
    result = audit(write(tmp_path / "f.parquet", table), shop)
    assert counts(result) == dict.fromkeys(BACKENDS, 1)
    assert result.load.classes["endpoint"] == 7
    assert result.load.classes["refused"] == 1


def mixed(n_rows: int, seed: int) -> pa.Table:
    dice = np.random.default_rng(seed)
    ends = [*BACKENDS, VIP, CLIENT, STRANGER]
    return to(
        dice.choice(ends, n_rows).tolist(),
        src_ip=pa.array(dice.choice([CLIENT, STRANGER, *BACKENDS], n_rows)),
        dst_port=pa.array(dice.choice([80, 8080, 9090], n_rows)),
        action=pa.array(dice.choice([0, 1, 2, 4], n_rows), pa.int8()),
        initiator=pa.array(dice.choice([0, 1, 2], n_rows), pa.int8()),
        observation_point=pa.array(dice.choice([0, 1, 2], n_rows), pa.int8()),
    )


def tables(out: Path) -> list[bytes]:
    return [(out / name).read_bytes() for name in ("services.parquet", "load.parquet")]


def test_every_judged_row_is_in_one_class_and_workers_do_not_matter(tmp_path: Path, shop: Path) -> None:
    files = [write(tmp_path / "f" / f"{n}.parquet", mixed(20_000, n), row_group_size=7_001) for n in range(3)]
    found = []
    for jobs, paths in ((1, files), (2, files[::-1])):
        result = audit(paths, shop, out=tmp_path / "out", jobs=jobs)
        totals = result.ledger.totals
        assert sum(result.load.classes.values()) == totals.rows_judged + totals.rows_unknown == 60_000
        assert all(result.load.classes[name] for name in ("vip", "endpoint", "endpoint_other_port", "none"))
        found.append((tables(tmp_path / "out"), result.load.classes))
    assert found[0] == found[1]


def test_filtered_and_rejected_rows_are_in_none(tmp_path: Path, shop: Path) -> None:
    table = to([BACKENDS[0]] * 4, dst_port=pa.array([8080, 8080, -5, 8080], pa.int32()))
    since = datetime.fromtimestamp(NOON // 10**6 + 1, UTC)
    result = audit(write(tmp_path / "f.parquet", table), shop, since=since)
    assert counts(result)[BACKENDS[0]] == 2
    assert sum(result.load.classes.values()) == 2


def test_an_interrupted_run_that_goes_on_comes_to_the_same(
    tmp_path: Path, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [write(tmp_path / "f" / f"{n}.parquet", mixed(3_000, n)) for n in range(2)]
    expected = audit(files, shop, out=tmp_path / "whole")

    def fail(_run: object) -> None:
        raise RunError("the power went")

    with monkeypatch.context() as patched:
        patched.setattr(local, "finish", fail)
        with pytest.raises(RunError):
            audit(files, shop, out=tmp_path / "out")
    result = audit(files, shop, out=tmp_path / "out", resume=True)
    assert tables(tmp_path / "out") == tables(tmp_path / "whole")
    assert result.load.classes == expected.load.classes
