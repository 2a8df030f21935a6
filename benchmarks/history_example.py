"""Writes ``data/history/``: three dated snapshots between which an address changed hands, and flows.

    python -m benchmarks.history_example

It also renews the last section of ``data/README.md``. Integers only are drawn, from a fixed seed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from flowcheck.demo import flows, readme

Document = dict[str, Any]

DATA = Path(__file__).resolve().parent.parent / "data"
SEED = 20260310
DAY = datetime(2026, 3, 10, tzinfo=UTC)
MORNING, MIDDAY, EVENING = "2026-03-10T08-00-00Z", "2026-03-10T12-35-00Z", "2026-03-10T20-00-00Z"
SHARED, ORDERS, DATABASE = "10.244.1.23", "10.244.2.7", "10.244.2.9"


class Talk(NamedTuple):
    """``rows`` records of one kind, between two times of the day (hour, minute)."""

    what: str
    rows: int
    src: str
    dst: str
    port: int
    since: tuple[int, int]
    until: tuple[int, int]
    verdict: str


TALKS = (
    Talk("orders asks its database", 160, ORDERS, DATABASE, 5432, (8, 5), (19, 55), "allow"),
    Talk("report asks the database", 60, SHARED, DATABASE, 5432, (8, 30), (12, 30), "allow"),
    Talk("web calls orders", 120, SHARED, ORDERS, 8080, (13, 10), (19, 55), "allow"),
    Talk("web asks the database itself", 9, SHARED, DATABASE, 5432, (16, 20), (16, 40), "deny"),
)

CHANGE = """
# A change, as a pull request has it

`change.yaml` has two of the shop's policies otherwise: Grafana may read the cart store, and orders no
longer asks the catalog. What that would stop, and what it would allow that the policies deny so far,
`flowcheck diff flows --cluster cluster --apply change.yaml` tells: 4,957 records of orders, and 420 of
Grafana, which went through all the same.
"""
SECTION = """
# The same address twice: three snapshots and the flows of a day

`history/` is a second, much smaller sample, made by `python -m benchmarks.history_example`:
`history/cluster/` holds what `kubectl get` showed at 08:00, 12:35 and 20:00 of 10 March 2026,
`history/flows.parquet` {rows} records from between. In the morning 10.244.1.23 belongs to the pod `report`,
which may ask the database. It ends at 12:41, and at 13:05:20 the new pod `web` is given its address; `web`
may call `orders`, but not ask the database. All of it went through.

| records | what | when | policies say |
|---:|---|---|---|
{table}
So {denied} records violate the policies. Whoever judges the whole day by one snapshot, as if all in it had
always been there, gets it wrong:

| judged by | violations reported | of these false | true ones missed |
|---|---:|---:|---:|
| all snapshots, in time | {denied} | 0 | 0 |
| the snapshot of 20:00 alone, for all times | {by_evening} | {report} | 0 |
| the snapshot of 08:00 alone, for all times | {by_morning} | {web} | {denied} |

flowcheck does so with the snapshot of 08:00, where that has no time in its name: nothing in it tells that
`report` will end. Of the one of 20:00 it calls {report} records unknown (`unresolved_src`), since `web` tells
when it started.
"""


def write(directory: Path) -> None:
    """Write ``cluster/`` and ``flows.parquet`` into ``directory``."""
    (directory / "cluster").mkdir(parents=True, exist_ok=True)
    for name, pods in ((MORNING, [_report()]), (MIDDAY, [_report()]), (EVENING, [_web()])):
        items = [*_standing(), *pods]
        text = yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": items}, sort_keys=False)
        (directory / "cluster" / f"{name}.yaml").write_text(text, encoding="utf-8")
    pq.write_table(table(), directory / "flows.parquet", compression="zstd", write_page_checksum=True)


def text() -> str:
    """``data/README.md``: what the package writes of its sample, then a change, and this section."""
    counts = {talk.what: talk.rows for talk in TALKS}
    orders, report, web, denied = counts.values()
    rows = [f"| {t.rows} | {t.what} | {_clock(t.since)} to {_clock(t.until)} | {t.verdict} |" for t in TALKS]
    section = SECTION.format(
        rows=orders + report + web + denied,
        table="\n".join(rows) + "\n",
        report=report,
        web=web,
        denied=denied,
        by_evening=report + denied,
        by_morning=web,
    )
    return readme.text(flows.ROWS) + CHANGE + section


def _clock(time: tuple[int, int]) -> str:
    return f"{time[0]:02d}:{time[1]:02d}"


def table() -> pa.Table:
    """The records in canonical columns, sorted by start_time, in whole milliseconds."""
    rng = np.random.Generator(np.random.PCG64(SEED))
    rows = []
    for talk in TALKS:
        first, last = ((hour * 60 + minute) * 60_000 for hour, minute in (talk.since, talk.until))
        for at in rng.integers(first, last, talk.rows).tolist():
            port, sent = int(rng.integers(32_768, 60_999)), int(rng.integers(300, 40_000))
            rows.append((at, talk.src, talk.dst, port, talk.port, sent))
    at, src, dst, src_port, dst_port, sent = zip(*sorted(rows), strict=True)
    start = (np.array(at) + int(DAY.timestamp()) * 1000) * 1000
    return pa.table(
        {
            "start_time": pa.array(start).cast(pa.timestamp("us", tz="UTC")),
            "src_ip": pa.array(src).dictionary_encode(),
            "dst_ip": pa.array(dst).dictionary_encode(),
            "src_port": pa.array(src_port, pa.uint16()),
            "dst_port": pa.array(dst_port, pa.uint16()),
            "protocol": pa.array([6] * len(rows), pa.uint8()),
            "action": pa.array([1] * len(rows), pa.int8()),
            "bytes": pa.array(sent, pa.uint64()),
        }
    )


# -- the snapshots -------------------------------------------------------------------------------------


def _standing() -> list[Document]:
    """What all snapshots hold, the same."""
    return [
        _object("v1", "Namespace", "shop", namespace="", labels={"team": "shop"}),
        *(_node(name, number) for name, number in (("node-a", 1), ("node-b", 2))),
        _policy("default-deny", {}, []),
        _policy("orders", {"app": "orders"}, [_admit(["web"], 8080)]),
        _policy("orders-db", {"app": "orders-db"}, [_admit(["orders", "report"], 5432)]),
        _pod("orders-7f5c6d9b84-q8xjn", "orders", "node-b", ORDERS, 8080, "2026-03-09T17:20:06Z"),
        _pod("orders-db-0", "orders-db", "node-b", DATABASE, 5432, "2026-02-20T06:00:11Z"),
    ]


def _report() -> Document:
    return _pod("report-5d8f7c6b49-x7k2p", "report", "node-a", SHARED, 9090, "2026-03-10T06:30:02Z")


def _web() -> Document:
    return _pod("web-6c9fd7b5d8-m4tqz", "web", "node-a", SHARED, 8080, "2026-03-10T13:05:18Z")


def _object(
    version: str, kind: str, name: str, *, namespace: str = "shop", labels: dict[str, str] | None = None
) -> Document:
    metadata: Document = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    metadata["creationTimestamp"] = "2026-02-01T08:00:00Z"
    if labels:
        metadata["labels"] = labels
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def _node(name: str, number: int) -> Document:
    address = {"type": "InternalIP", "address": f"172.18.0.{number + 1}"}
    return _object("v1", "Node", name, namespace="") | {
        "spec": {"podCIDRs": [f"10.244.{number}.0/24"]},
        "status": {"addresses": [address]},
    }


def _policy(name: str, pods: dict[str, str], rules: list[Document]) -> Document:
    selector = {"matchLabels": pods} if pods else {}
    spec = {"podSelector": selector, "policyTypes": ["Ingress"], "ingress": rules}
    return _object("networking.k8s.io/v1", "NetworkPolicy", name) | {"spec": spec}


def _admit(apps: list[str], port: int) -> Document:
    named = {"key": "app", "operator": "In", "values": apps}
    peers = [{"podSelector": {"matchExpressions": [named]}}]
    return {"from": peers, "ports": [{"protocol": "TCP", "port": port}]}


def _pod(name: str, app: str, node: str, address: str, port: int, started: str) -> Document:
    """A running pod, whose network came up two seconds after its node took it."""
    network = (datetime.fromisoformat(started).timestamp()) + 2
    since = datetime.fromtimestamp(network, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    owner = name.rsplit("-", 1)[0]
    document = _object("v1", "Pod", name, labels={"app": app})
    document["metadata"] |= {
        "uid": f"{int(network):08x}-{sum(map(ord, name)):04x}-4000-8000-{port:012x}",
        "creationTimestamp": started,
        "ownerReferences": [
            {
                "apiVersion": "apps/v1",
                "kind": "StatefulSet" if owner == app else "ReplicaSet",
                "name": owner,
                "controller": True,
            }
        ],
    }
    if owner != app:
        document["metadata"]["labels"]["pod-template-hash"] = owner.rsplit("-", 1)[1]
    ready = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    return document | {
        "spec": {
            "nodeName": node,
            "containers": [{"name": app, "ports": [{"containerPort": port, "protocol": "TCP"}]}],
        },
        "status": {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "startTime": started,
            "conditions": [{"type": kind, "status": "True", "lastTransitionTime": since} for kind in ready],
            "containerStatuses": [{"name": app, "ready": True, "state": {"running": {"startedAt": since}}}],
        },
    }


if __name__ == "__main__":
    write(DATA / "history")
    (DATA / "README.md").write_text(text(), encoding="utf-8")
