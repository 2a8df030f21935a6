"""Results for tests of the page: many findings, hostile names everywhere, talks, times and Services."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from flowcheck.balance.tell.result import LoadResult
from flowcheck.results.audit import AuditResult
from flowcheck.results.finding.times import ViolationTimes
from flowcheck.results.records.findings import IGNORED, KNOWN, Example, Finding
from flowcheck.results.records.gate import Gate
from flowcheck.results.records.ledger import FileEntry
from flowcheck.results.records.tables import EDGES_SCHEMA, HITS_SCHEMA
from tests.reports.build import (
    TableOfEdges,
    make_dropped,
    make_finding,
    make_hostile_result,
    make_result,
    make_untold,
)
from tests.reports.build_balance import make_load, make_service

WEIRD = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</style></script><svg onload=alert(1)>",
    "`${alert(1)}` javascript:alert(1)",
    "\u202egnp.exe\u2066\u200b\u2028\ud800\x00\x1b[2J\r\n",
    "{{ 7*7 }}{% raw %}&lt;&amp;",
    "-".join(["w"] * 150),
    "W" * 3000,
)
"""Names that close what they stand in, run, reorder, hide, or take room."""
START = 1_773_100_800_000_000
"""2026-03-10 in microseconds."""


def make_edge(source: str, destination: str, verdict: str, observed: str, **changes: Any) -> dict[str, Any]:
    when = datetime(2026, 3, 10, tzinfo=UTC)
    return {
        "source": source,
        "destination": destination,
        "port": 5432,
        "protocol": 6,
        "verdict": verdict,
        "reason": "unresolved_dst" if verdict == "unknown" else "",
        "observed": observed,
        "flow_count": 10,
        "records": 20,
        "bytes": 1 << 14,
        "first_seen": when,
        "last_seen": when,
        **changes,
    }


def make_edges(rows: Iterable[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=EDGES_SCHEMA)


EDGES = (
    make_edge("shop/Deployment/frontend", "payments/StatefulSet/ledger-0", "deny", "allowed", flow_count=24),
    make_edge("shop/Deployment/frontend", "payments/StatefulSet/ledger-1", "deny", "denied", flow_count=7),
    make_edge("shop/Deployment/frontend", "shop/Deployment/cart", "allow", "allowed", flow_count=88_000),
    make_edge("shop/Deployment/cart", "shop/StatefulSet/store", "deny", "allowed", flow_count=3),
    make_edge("shop/Deployment/cart", "shop/StatefulSet/store", "deny", "dropped", flow_count=4),
    make_edge("shop/Deployment/cart", "shop/StatefulSet/store", "allow", "denied", flow_count=5),
    make_edge("shop/Deployment/cart", "shop/StatefulSet/store", "unknown", "allowed", flow_count=6),
    make_edge("monitoring/DaemonSet/agent", "203.0.113.0/24", "allow", "denied", port=None, protocol=1),
    make_edge("Node/node-a", "shop/Deployment/cart", "not_applicable", "allowed", port=8080),
    make_edge("10.42.3.0/24 (nobody's)", "shop/Deployment/cart", "unknown", "allowed", port=8080),
    make_edge("(unknown name)", "shop/Deployment/cart", "unknown", "allowed", port=53, protocol=17),
)
HITS = (
    ("NetworkPolicy/payments/ledger-only", "default-deny", "NETWORK_POLICY", "ingress", "deny"),
    ("NetworkPolicy/monitoring/agent-out", "egress[0]", "NETWORK_POLICY", "egress", "allow"),
    ("AuthorizationPolicy/web/pages", "rules[0]", "DENY", "mesh", "deny"),
)


def make_hits() -> pa.Table:
    counts = {"file": "p.yaml", "line": 3, "records": 5, "flow_count": 5, "unknown_records": 0}
    names = ("policy", "rule", "tier", "direction", "action")
    return pa.Table.from_pylist(
        [{**dict(zip(names, one, strict=True)), **counts} for one in HITS], HITS_SCHEMA
    )


def make_times(counts: Iterable[tuple[int, int]]) -> ViolationTimes:
    """From hours of a day and groups, a row each."""
    times = ViolationTimes()
    rows = np.array([*counts], dtype=np.int64).reshape(-1, 2)
    times.count(START + rows[:, 0] * 3_600_000_000, rows[:, 1])
    return times


def make_whole() -> AuditResult:
    """Everything that the page can show: all groups, layers, marks; an incomplete run."""
    mesh = make_finding(
        7,
        direction="mesh",
        policies=("AuthorizationPolicy/web/pages[rules[0]]",),
        policy_sources=("mesh.yaml:4",),
        change=("AuthorizationPolicy/web/pages[rules[0]]",),
        records=3,
    )
    findings = (
        make_finding(0),
        make_finding(1),
        make_finding(2, suppressed=KNOWN),
        make_finding(3, suppressed=IGNORED, suppressed_because="the partner's, until June"),
        mesh,
        make_untold(4, note="the policy is younger than the flow"),
        make_dropped(),
    )
    result = make_result(findings)
    gate = Gate(baseline="accepted", ignore_file="ignore.yaml", known=1, ignored=1, new=5, new_records=50_000)
    return replace(
        result,
        summary=msgspec.structs.replace(result.summary, gate=gate),
        edge_rows=TableOfEdges(make_edges(EDGES)),
        policy_hits=make_hits(),
        times=make_times([(0, 0), (0, 0), (3, 1), (9, 2), (23, 0)]),
        load=make_load(),
    )


def make_weird() -> AuditResult:
    """Names that are :data:`WEIRD` wherever a name may stand."""
    findings, edges, files = [], [], []
    for number, name in enumerate(WEIRD):
        example = Example(
            file=name, row=1, src=name, dst=name, src_ip=name, dst_ip=None, http_path=f"/{name}"
        )
        findings.append(
            make_finding(
                number,
                source=f"ns/Pod/{name}",
                destination=name,
                policies=(f"NetworkPolicy/ns/{name}[ingress[0]]",),
                policy_sources=(f"{name}.yaml:3",),
                change=(f"NetworkPolicy/ns/{name}",),
                note=name,
                example=example,
                protocol=name,
                suppressed=IGNORED,
                suppressed_because=name,
            )
        )
        shown = name.encode("utf-8", "backslashreplace").decode()
        edges.append(make_edge(f"{shown}/Pod/{shown}", f"{shown[::-1]}/Pod/a", "deny", "allowed"))
        files.append(FileEntry(file=name, status="failed", bytes=1, reason=name, detail=name))
    hostile = make_hostile_result()
    result = replace(hostile, edge_rows=TableOfEdges(make_edges(edges)), times=make_times([(1, 0)]))
    services = tuple(
        msgspec.structs.replace(
            one,
            namespace=name,
            service=name,
            port_name=name,
            endpoints=tuple(msgspec.structs.replace(end, endpoint=name, node=name) for end in one.endpoints),
        )
        for one, name in ((make_service("web", (60, 30, 10), state="skewed"), name) for name in WEIRD)
    )
    summary = msgspec.structs.replace(
        result.summary,
        incomplete_because=WEIRD,
        engine=WEIRD[0],
        options=dict.fromkeys(WEIRD, WEIRD[1]),
        cluster=msgspec.structs.replace(result.summary.cluster, refused=WEIRD),
    )
    ledger = msgspec.structs.replace(
        result.ledger, files=tuple(files), cluster_inputs=dict.fromkeys(WEIRD, WEIRD[0])
    )
    return replace(
        result,
        summary=summary,
        ledger=ledger,
        findings=type(result.findings)(findings),
        load=LoadResult(services),
    )


def make_many(n: int, *, n_rules: int = 400) -> AuditResult:
    """``n`` findings of a large cluster, with names as long as such names are, by so many sets of rules."""
    findings = tuple(_one_of_many(number, n_rules) for number in range(n))
    edges = (
        make_edge(
            one.source, one.destination, "deny" if number % 3 else "allow", "allowed", flow_count=number + 1
        )
        for number, one in enumerate(findings)
    )
    result = make_result(findings)
    return replace(
        result,
        edge_rows=TableOfEdges(make_edges(edges)),
        policy_hits=make_hits(),
        times=make_times([(number % 24, 0) for number in range(n)]),
        load=make_load(),
    )


def _one_of_many(number: int, n_rules: int) -> Finding:
    rule = number % n_rules
    pod = f"{number * 7919 % 1_000_000:06x}-{number:05d}"
    team = f"team-{rule % 40}"
    policies = ("allow-metrics", "default-deny", f"service-{rule}")
    return make_finding(
        number,
        fingerprint=f"{number * 0x9E3779B97F4A7C15 % (1 << 64):016x}",
        source=f"team-{number % 37}/Deployment/client-of-many-{number}",
        destination=f"{team}/Deployment/service-{rule}",
        port=1024 + number % 5000,
        policies=tuple(f"default-deny by NetworkPolicy/{team}/{name}" for name in policies),
        policy_sources=tuple(f"clusters/production/{team}/policies.yaml:{line}" for line in (5, 29, rule)),
        change=(f"NetworkPolicy/{team}/service-{rule}",),
        to_add=(),
        records=max(1, 20_000 - number),
        example=Example(
            file=f"flows/2026-03-10T{number % 24:02d}.parquet",
            row=number * 101,
            src=f"team-{number % 37}/Pod/client-of-many-{number}-{pod}",
            dst=f"{team}/Pod/service-{rule}-{pod}",
            src_ip=f"10.{number % 200}.{number % 250}.7",
            dst_ip=f"10.{rule % 200}.9.{number % 250}",
            start_time="2026-03-10T09:00:37.809000Z",
            src_port=40_000 + number % 20_000,
        ),
    )
