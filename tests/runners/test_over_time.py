"""Audits over time, through Services, of replies and repeated reports: what comes out at the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from flowcheck.api import audit
from flowcheck.model.cluster import Cluster
from flowcheck.model.timeline import BEGINNING, END, Lifetime
from flowcheck.results.audit import AuditResult
from tests.builders import (
    allow,
    in_namespace,
    make_cluster,
    make_pod,
    make_policy,
    make_service,
    make_service_ports,
)
from tests.runners.worlds import DB, NOON, US, WEB, flows, write

pytestmark = pytest.mark.usefixtures("forked_workers")

SECOND = 1_000_000
VIP, OTHER = "10.96.0.1", "10.0.0.3"
LATER = NOON + 3600 * SECOND


def to_db(ports: str, lifetime: Lifetime = Lifetime()) -> Any:  # noqa: B008 - frozen
    policy = make_policy("db", subject="app=db", ingress=[allow(in_namespace(pods="app=web"), ports)])
    return replace(policy, lifetime=lifetime)


def cluster_of(*objects: Any) -> Cluster:
    return make_cluster(
        make_pod("web", WEB, labels="app=web"), make_pod("db", DB, labels="app=db", ports="db=5432"), *objects
    )


def judged(tmp_path: Path, cluster: Cluster, table: pa.Table, **options: Any) -> AuditResult:
    return audit(write(tmp_path / "flows.parquet", table), cluster, jobs=1, **options)


def times(*seconds: float) -> pa.Array:
    return pa.array([NOON + int(s * SECOND) for s in seconds], US)


def test_a_flow_is_judged_by_the_policies_of_its_time_or_of_another(tmp_path: Path) -> None:
    policies = to_db("5432", Lifetime.exact(BEGINNING, LATER)), to_db("22", Lifetime.exact(LATER, END))
    cluster = cluster_of(*policies)
    table = flows(3, start_time=times(0, 3600.5, 7200))
    verdicts = judged(tmp_path, cluster, table).summary.verdicts
    assert (verdicts.deny, verdicts.unknown_by_reason, verdicts.allow) == (1, {"ambiguous_policy": 1}, 1)
    assert judged(tmp_path, cluster, table, as_of="current").summary.verdicts.allow == 3
    noon = datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert judged(tmp_path, cluster, table, as_of=noon).summary.verdicts.deny == 3
    assert judged(tmp_path, cluster, table, skew=timedelta(0)).summary.verdicts.unknown == 0


def test_an_address_that_was_passed_on_is_its_owners_of_the_time(tmp_path: Path) -> None:
    first = replace(make_pod("other", OTHER, labels="app=web"), lifetime=Lifetime.exact(BEGINNING, LATER))
    second = replace(make_pod("stranger", OTHER), lifetime=Lifetime.exact(LATER + 10 * SECOND, END))
    cluster = cluster_of(first, second, to_db("5432"))
    table = flows(
        4, src_ip=pa.array([OTHER] * 4), dst_port=pa.array([5432] * 4), start_time=times(0, 3601, 3605, 7200)
    )
    result = judged(tmp_path, cluster, table)
    shares = result.summary.attribution
    assert (shares.resolved.records, shares.inferred.records, shares.unresolved.records) == (2, 1, 1)
    assert [finding.source for finding in result.findings] == ["x/Pod/stranger"]


def test_a_services_flow_is_judged_at_its_backends(tmp_path: Path) -> None:
    ports = make_service_ports("80:5432 81:22")
    service = make_service("db", VIP, ports=ports, selector={"app": "db"})
    table = flows(3, dst_ip=pa.array([VIP] * 3), dst_port=pa.array([80, 81, 82]))
    result = judged(tmp_path, cluster_of(service, to_db("5432")), table)
    assert result.summary.verdicts.unknown_by_reason == {"unresolved_dst": 1}
    (finding,) = result.findings
    assert (finding.destination, finding.port, finding.records) == ("x/Service/db", 81, 1)


def test_backends_that_differ_are_unknown(tmp_path: Path) -> None:
    service = make_service("both", VIP, ports=make_service_ports("80:5432"), selector={"tier": "back"})
    backs = [
        make_pod(f"b{n}", f"10.0.1.{n}", labels=f"app={'db' if n else 'free'},tier=back") for n in (0, 1)
    ]
    policy = make_policy("db", subject="app=db", ingress=())
    table = flows(1, dst_ip=pa.array([VIP]), dst_port=pa.array([80]))
    result = judged(tmp_path, cluster_of(service, *backs, policy), table)
    assert result.summary.verdicts.unknown_by_reason == {"service_backends_differ": 1}
    assert not result.findings


def test_a_reply_is_judged_as_its_connection(tmp_path: Path) -> None:
    """The database's answer, recorded on its own: turned round, also where it is written down."""
    table = flows(
        2,
        src_ip=pa.array([DB, DB]),
        dst_ip=pa.array([WEB, WEB]),
        src_port=pa.array([5432, 22]),
        dst_port=pa.array([40000, 40001]),
        initiator=pa.array([0, 0]),
        tcp_flags=pa.array([18, None]),
    )
    result = judged(tmp_path, cluster_of(to_db("5432")), table, out=tmp_path / "out")
    attribution = result.summary.attribution
    assert attribution.initiators == {"flags": 1, "port": 1}
    assert attribution.replies_turned == 2
    (row,) = pa.parquet.read_table(tmp_path / "out" / "violations.parquet").to_pylist()
    assert (row["src"], row["dst"], row["src_ip"], row["dst_port"]) == ("x/Pod/web", "x/Pod/db", WEB, 22)
    assert (row["initiator"], row["initiator_basis"]) == (2, "port")


def test_what_a_mesh_tells_is_kept_but_of_the_other_end_of_a_reply_not(tmp_path: Path) -> None:
    told = {
        **{"src_principal": "spiffe://cluster.local/ns/x/sa/web", "http_method": "GET", "http_path": "/a"},
        **{"http_host": "db:22", "tls_server_name": "db", "outer_port": 15008, "mesh_action": 1},
        "mesh_policy_refs": ["AuthorizationPolicy/x/db"],
    }
    columns = {name: pa.array([value] * 2) for name, value in told.items()}
    table = flows(
        2,
        **{"src_ip": pa.array([WEB, DB]), "dst_ip": pa.array([DB, WEB])},
        **{"src_port": pa.array([40000, 22]), "dst_port": pa.array([22, 40001])},
        **{"initiator": pa.array([1, 0]), **columns},
    )
    judged(tmp_path, cluster_of(to_db("5432")), table, out=tmp_path / "out")
    asked, answered = pa.parquet.read_table(tmp_path / "out" / "violations.parquet").to_pylist()
    assert {name: asked[name] for name in told} == told
    nothing = dict.fromkeys(("src_principal", "outer_port"))
    assert {name: answered[name] for name in told} == {**told, **nothing}


def test_several_reports_of_a_connection_count_once_and_every_row_stays(tmp_path: Path) -> None:
    """Two windows of one connection from both ends, and one more connection from the source's alone."""
    table = flows(
        5,
        src_port=pa.array([40000] * 4 + [40001]),
        dst_port=pa.array([5432] * 5),
        observation_point=pa.array([1, 2, 1, 2, 1]),
        bytes=pa.array([10, 11, 20, 20, 5]),
        start_time=times(0, 0.2, 30, 30.1, 40),
    )
    result = judged(tmp_path, cluster_of(to_db("5432")), table)
    (edge,) = result.edges.to_pylist()
    assert (edge["records"], edge["flow_count"], edge["bytes"]) == (5, 2, 35)
    assert result.summary.attribution.repeated_records == 2
    assert result.ledger.totals.rows_judged == 5


def test_a_recorded_pod_beats_the_address_and_the_difference_is_counted(tmp_path: Path) -> None:
    pods = pa.array(["web", "db", None])
    table = flows(3, src_namespace=pa.array(["x"] * 3), src_pod=pods, observer=pa.array(["n1", "n2", "n1"]))
    result = judged(tmp_path, cluster_of(to_db("5432")), table)
    attribution = result.summary.attribution
    assert (attribution.disagreements, attribution.observers, attribution.hours_seen) == (1, 2, 1)


def test_nobody_known_in_the_clusters_own_ranges_is_unresolved(tmp_path: Path) -> None:
    table = flows(1, src_ip=pa.array(["172.16.0.9"]))
    cluster = cluster_of(to_db("5432"))
    assert judged(tmp_path, cluster, table).summary.verdicts.deny == 1
    verdicts = judged(tmp_path, cluster, table, cluster_ranges=["172.16.0.0/16"]).summary.verdicts
    assert verdicts.unknown_by_reason == {"unresolved_src": 1}


def test_shares_of_attribution_add_up(tmp_path: Path) -> None:
    table = flows(4, src_ip=pa.array([WEB, "192.0.2.1", DB, WEB]), initiator=pa.array([1, 1, 1, 0]))
    summary = judged(tmp_path, cluster_of(to_db("5432")), table).summary
    shares = [getattr(summary.attribution, name).records for name in ("resolved", "inferred", "ambiguous")]
    shares += [summary.attribution.unresolved.records, summary.attribution.unknown_initiator.records]
    assert sum(shares) == summary.totals.rows_judged + summary.totals.rows_unknown == 4


def test_what_is_said_of_the_last_snapshot_is_true_of_the_options(tmp_path: Path) -> None:
    """The head of the report warns of flows after it, unless something else was asked for."""
    cluster = replace(cluster_of(to_db("5432", Lifetime(sure_end=NOON, end=END))), known_until=NOON)
    table = flows(2, start_time=times(-60, 1800))
    result = judged(tmp_path, cluster, table)
    assert result.summary.verdicts.unknown_by_reason == {"ambiguous_policy": 1}
    assert "known until 2026-11-01T12:00:00Z, the last snapshot" in str(result)
    for option in ({"assume_unchanged": timedelta(hours=1)}, {"as_of": "current"}):
        result = judged(tmp_path, cluster, table, **option)
        assert (result.summary.verdicts.unknown, "known until" in str(result)) == (0, False)
