"""Hand-built audit results for the report tests; no engine takes part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from flowcheck.outcome import Nothing
from flowcheck.results.audit import AuditResult
from flowcheck.results.records import SCHEMA
from flowcheck.results.records.findings import Example, Finding, Findings
from flowcheck.results.records.ledger import FileEntry, Ledger, Rejected, Totals
from flowcheck.results.records.summary import (
    Attribution,
    ClusterCounts,
    ProgramCounts,
    Share,
    Summary,
    Timings,
    VerdictCounts,
    Violations,
)
from flowcheck.results.records.tables import EDGES_SCHEMA

HOSTILE = "evil\x1b[2J\x1b]0;title\x07\u202egnp.exe\nflowcheck: no violations\r\u200b\udc80|<script>[red]"
"""A name that clears the screen, sets the title, turns text around, forges a line and breaks UTF-8."""


class TableOfEdges(NamedTuple):
    """Edges that are in words already."""

    of: pa.Table

    def table(self) -> pa.Table:
        return self.of

    def batches(self) -> Iterator[pa.RecordBatch]:
        yield from self.of.to_batches()


def make_finding(number: int = 0, **changes: Any) -> Finding:
    values: dict[str, Any] = {
        "fingerprint": f"{number:016x}",
        "kind": "forwarded_denied",
        "direction": "ingress",
        "source": "shop/Deployment/frontend",
        "destination": f"payments/StatefulSet/ledger-{number}",
        "port": 5432,
        "protocol": "TCP",
        "observed": "allowed",
        "policies": ("default-deny by NetworkPolicy/payments/ledger-only",),
        "policy_sources": ("cluster/policies/payments.yaml:12",),
        "records": 12_000 - 500 * number,
        "flows": 24_000,
        "bytes": 5 << 20,
        "first_seen": "2026-11-01T10:00:00.250000Z",
        "last_seen": "2026-11-01T12:30:00Z",
        "example": Example(
            file="flows/a.parquet",
            row=17,
            src="shop/Deployment/frontend",
            dst="payments/StatefulSet/ledger",
            src_ip="10.0.0.1",
            dst_ip="10.0.1.9",
        ),
        "to_add": () if changes.get("change") else ("ingress",),
    }
    return Finding(**{**values, **changes})


def make_dropped(number: int = 0, **changes: Any) -> Finding:
    values: dict[str, Any] = {
        "kind": "dropped_allowed",
        "direction": "egress",
        "source": "monitoring/DaemonSet/agent",
        "destination": "203.0.113.0/24",
        "port": None,
        "protocol": "ICMP",
        "observed": "denied",
        "policies": ("NetworkPolicy/monitoring/agent-out[egress[0]]",),
        "policy_sources": ("cluster/policies/monitoring.yaml:31",),
        "records": 40 - number,
        "to_add": (),
    }
    return make_finding(100 + number, **{**values, **changes})


def make_untold(number: int = 0, **changes: Any) -> Finding:
    """One of which the log does not say what became of it."""
    return make_finding(number, **{"observed": "unknown", **changes})


FILES = (
    FileEntry(
        file="flows/a.parquet",
        status="judged",
        bytes=1 << 26,
        rows_declared=1_000_000,
        rows_judged=985_997,
        rows_unknown=14_000,
        rows_rejected=3,
        rejected=(Rejected(reason="dst_port out of range", rows=3, first_rows=(7, 1200, 99_999)),),
    ),
    FileEntry(
        file="flows/b.parquet",
        status="failed",
        bytes=512,
        reason="not_parquet",
        detail="not a Parquet file: no magic bytes at its end",
    ),
    FileEntry(file="flows/.hidden.parquet", status="skipped", bytes=512, reason="hidden file"),
)


def make_result(
    findings: tuple[Finding, ...] | None = None, *, out: Path | None = Path("out")
) -> AuditResult:
    """A run with everything in it: violations of both kinds, unknowns, rejected rows, a failed file."""
    if findings is None:
        findings = (make_finding(0), make_finding(1), make_dropped())
    totals = Totals(
        files_seen=3,
        files_judged=1,
        files_failed=1,
        files_skipped=1,
        rows_declared=1_000_000,
        rows_judged=985_997,
        rows_unknown=14_000,
        rows_rejected=3,
        rows_filtered=0,
        rows_in_failed_files=0,
    )
    summary = Summary(
        schema=SCHEMA,
        version="0.1.0",
        started_at="2026-11-02T08:00:00Z",
        program="0" * 64,
        options={"icmp": "unknown", "ipblock_matches_pods": "yes"},
        complete=False,
        incomplete_because=("1 file failed", "3 rows were rejected (0 are tolerated)"),
        coverage=98.599_7,
        attribution=Attribution(
            resolved=Share(records=960_000, flows=480_000, bytes=5 << 30),
            inferred=Share(records=26_000, flows=13_000, bytes=1 << 28),
            ambiguous=Share(records=5_000, flows=2_500, bytes=1 << 20),
            unresolved=Share(records=8_000, flows=4_000, bytes=1 << 21),
            unknown_initiator=Share(records=997, flows=997, bytes=0),
            repeated_records=400_000,
            replies_turned=12,
            initiators={"none": 997, "record": 998_000, "listener": 900, "port": 100},
            disagreements=3,
            observers=11,
            hours_seen=2,
            hours_spanned=3,
            sampled_records=4,
        ),
        totals=totals,
        verdicts=VerdictCounts(
            allow=900_000,
            deny=80_000,
            unknown=14_000,
            not_applicable=5_997,
            unknown_by_reason={"unresolved_dst": 12_000, "no_port": 2_000},
        ),
        observed={"allowed": 999_000, "denied": 997},
        flows=2_000_000,
        bytes=7 << 30,
        first_seen="2026-11-01T00:00:00Z",
        last_seen="2026-11-01T23:59:59.900000Z",
        violations=Violations(
            forwarded_denied=sum(f.records for f in findings if f.kind == "forwarded_denied"),
            dropped_allowed=sum(f.records for f in findings if f.kind == "dropped_allowed"),
            findings=len(findings),
            observed_unknown=sum(f.records for f in findings if not f.is_told),
        ),
        load={"balanced": 7, "skewed": 1, "insufficient": 2, "not_applicable": 2},
        unused_rules=14,
        cluster=ClusterCounts(
            namespaces=6,
            nodes=3,
            pods=48,
            workloads_without_pods=0,
            services=12,
            policies=1,
            rules=60,
            skipped_kinds={"ConfigMap": 4, "CiliumNetworkPolicy": 1},
            other_policies={"CiliumNetworkPolicy (Cilium)": 1},
            warnings=(),
            refused_by_engine=(
                "cnp.yaml:7: CiliumNetworkPolicy shop/db refused by its engine: spec.ingress[0].toPorts[0]."
                "ports[0]: needs port",
            ),
        ),
        compiled=ProgramCounts(
            endpoints=60,
            rows=70,
            epochs=1,
            timed_addresses=0,
            ingress_subject_classes=5,
            ingress_peer_classes=8,
            egress_subject_classes=4,
            egress_peer_classes=7,
            port_classes=9,
            decisions=700,
            table_bytes=700,
        ),
        timings=Timings(load=0.2, compile=0.1, judge=0.5, write=0.1),
        rows_per_second=2_000_000.0,
        versions={"pyarrow": "26.0.1"},
    )
    ledger = Ledger(
        schema=SCHEMA, version="0.1.0", program="0" * 64, cluster_inputs={}, totals=totals, files=FILES
    )
    return AuditResult(
        summary=summary,
        findings=Findings(findings),
        edge_rows=TableOfEdges(EDGES_SCHEMA.empty_table()),
        policy_hits=pa.table({}),
        ledger=ledger,
        out=out,
    )


def make_clean_result() -> AuditResult:
    """A complete run without violations, in which every row got a verdict."""
    result = make_result((), out=None)
    totals = msgspec.structs.replace(
        result.summary.totals,
        files_seen=1,
        files_failed=0,
        files_skipped=0,
        rows_judged=1_000_000,
        rows_unknown=0,
        rows_rejected=0,
    )
    summary = msgspec.structs.replace(
        result.summary,
        complete=True,
        incomplete_because=(),
        coverage=100.0,
        attribution=Attribution(
            resolved=Share(records=1_000_000, flows=500_000, bytes=6 << 30),
            **dict.fromkeys(
                ("inferred", "ambiguous", "unresolved", "unknown_initiator"),
                Share(records=0, flows=0, bytes=0),
            ),
            repeated_records=0,
            replies_turned=0,
            initiators={"record": 1_000_000},
            disagreements=0,
            observers=0,
            hours_seen=3,
            hours_spanned=3,
            sampled_records=0,
        ),
        totals=totals,
        verdicts=VerdictCounts(
            allow=1_000_000, deny=0, unknown=0, not_applicable=0, unknown_by_reason={"no_port": 0}
        ),
        unused_rules=0,
        cluster=msgspec.structs.replace(
            result.summary.cluster, skipped_kinds={}, other_policies={}, refused_by_engine=()
        ),
    )
    ledger = msgspec.structs.replace(result.ledger, totals=totals, files=())
    return replace(result, summary=summary, ledger=ledger)


def make_hostile_result() -> AuditResult:
    """Every name that comes from outside is :data:`HOSTILE`."""
    finding = make_finding(
        source=f"ns/Pod/{HOSTILE}",
        destination=HOSTILE,
        policies=(f"NetworkPolicy/ns/{HOSTILE}[ingress[0]]",),
        policy_sources=(f"{HOSTILE}.yaml:3",),
        example=Example(file=HOSTILE, row=0, src=f"={HOSTILE}", dst="+1", src_ip=None, dst_ip=None),
    )
    result = make_result((finding,), out=None)
    files = (FileEntry(file=HOSTILE, status="failed", bytes=1, reason="x", detail=HOSTILE),)
    return replace(result, ledger=msgspec.structs.replace(result.ledger, files=files))


def make_empty_result() -> AuditResult:
    """Two rows between addresses outside, so that nothing was judged."""
    result = make_clean_result()
    nothing = Nothing(
        done="judged",
        reason="no_end_in_cluster",
        why="no row has an end in the cluster (2 rows)",
        advice="is --cluster the cluster that the flows are from, taken at their time?",
    )
    both, none = Share(records=2, flows=2, bytes=0), Share(records=0, flows=0, bytes=0)
    attributed = msgspec.structs.replace(result.summary.attribution, resolved=none, outside=both)
    summary = msgspec.structs.replace(
        result.summary,
        complete=False,
        incomplete_because=(str(nothing),),
        nothing=nothing,
        coverage=0.0,
        totals=msgspec.structs.replace(result.summary.totals, rows_declared=2, rows_judged=2),
        verdicts=VerdictCounts(allow=0, deny=0, unknown=0, not_applicable=2, unknown_by_reason={}),
        attribution=attributed,
        unused_rules=60,
    )
    return replace(result, summary=summary)


def make_single_result() -> AuditResult:
    """One of everything: one row is judged, one left out, and one that policies do not reach."""
    result = make_result((make_finding(records=1, flows=1),))
    old = result.summary
    one = Share(records=1, flows=1, bytes=1)
    numbers = {**dict.fromkeys(old.totals.__struct_fields__, 1), "rows_declared": 5}
    counts = dict.fromkeys(("namespaces", "nodes", "pods", "services", "policies", "rules"), 1)
    shares = dict.fromkeys(("resolved", "inferred", "ambiguous", "unresolved", "unknown_initiator"), one)
    flags = ("repeated_records", "replies_turned", "disagreements", "observers", "sampled_records")
    hours = {"hours_seen": 1, "hours_spanned": 1, "initiators": {"port": 1}}
    verdicts = dict.fromkeys(("allow", "deny", "unknown", "not_applicable"), 1)
    summary = msgspec.structs.replace(
        old,
        totals=msgspec.structs.replace(old.totals, **numbers),
        cluster=msgspec.structs.replace(old.cluster, **counts, skipped_kinds={"ConfigMap": 1}),
        attribution=msgspec.structs.replace(old.attribution, **shares, **dict.fromkeys(flags, 1), **hours),
        verdicts=VerdictCounts(**verdicts, unknown_by_reason={"no_port": 1}),
        unused_rules=1,
        rows_per_second=1.0,
    )
    return replace(result, summary=summary)
