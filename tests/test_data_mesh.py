"""The third sample: what lies in data/mesh is what is made, and an audit finds what was planted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import flowcheck
from flowcheck.demo.mesh import LOGS, planted, write
from flowcheck.demo.mesh.talk import DENIED, EXPECTED, FORWARDED, PODS, SERVICES, TALKS, Log, Plane, plane_of
from flowcheck.engines.istio import with_members
from flowcheck.model.peers import DataPlane
from flowcheck.results.audit import AuditResult

pytestmark = pytest.mark.usefixtures("forked_workers")

DATA = Path(__file__).resolve().parent.parent / "data" / "mesh"
PLANES = {DataPlane.SIDECAR: Plane.SIDECAR, DataPlane.AMBIENT: Plane.AMBIENT}
REVIEWS = "AuthorizationPolicy/web/reviews"


def audit(*logs: Log) -> AuditResult:
    files = [str(DATA / LOGS / log.value) for log in logs]
    return flowcheck.audit(files, str(DATA / "cluster"), jobs=1, source_format="auto")


@pytest.fixture(scope="module")
def whole() -> AuditResult:
    return audit(*Log)


def test_the_folder_is_what_is_written(tmp_path: Path) -> None:
    write(tmp_path)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert made == {path.relative_to(DATA): path.read_bytes() for path in DATA.rglob("*") if path.is_file()}


def test_the_plan_has_the_pods_of_the_cluster() -> None:
    cluster = with_members(flowcheck.load_cluster(str(DATA / "cluster")))
    assert {
        f"{pod.namespace}/{pod.name}": (
            pod.addresses,
            pod.node,
            PLANES[pod.mesh.plane] if pod.mesh else Plane.NONE,
            pod.account,
        )
        for pod in cluster.pods
        if not pod.template
    } == {name: ((pod.address,), pod.node, pod.plane, pod.account) for name, pod in PODS.items()}
    services = {service.name: service.cluster_ips for service in cluster.services}
    assert {name: services[name] for name in SERVICES} == {name: (ip,) for name, ip in SERVICES.items()}


def test_what_was_planted_is_found(whole: AuditResult) -> None:
    summary = whole.summary
    assert summary.violations.forwarded_denied == planted()[FORWARDED] == 64
    assert summary.violations.dropped_allowed == 0
    assert summary.verdicts.deny == planted()[FORWARDED] + planted()[DENIED] == 112
    assert summary.verdicts.unknown == planted()["unknown"] == 659
    assert summary.totals.rows_declared == sum(sum(talk.records.values()) for talk in TALKS)


def test_the_network_does_not_say_what_became_of_what_a_proxy_refuses(whole: AuditResult) -> None:
    told = {(f.direction, f.is_told): 0 for f in whole.findings}
    for finding in whole.findings:
        told[finding.direction, finding.is_told] += finding.records
    assert told == {("ingress", True): 30, ("mesh", False): 34}
    assert whole.summary.violations.observed_unknown == 34


@pytest.mark.parametrize("log", Log)
def test_what_each_log_tells_of_it(log: Log) -> None:
    result = audit(log)
    wanted: Counter[tuple[int, str]] = Counter()
    for talk in EXPECTED:
        tunnel = log is Log.HUBBLE and plane_of(talk.sources[0]) is Plane.AMBIENT
        for word, records in talk.found.get(log, {}).items():
            wanted[15008 if tunnel else talk.port, word] += records
    found = Counter({(one.port, one.kind): 0 for one in result.findings})
    for one in result.findings:
        found[one.port, one.kind] += one.records
    for row in result.edges.to_pylist():
        if row["verdict"] == "unknown":
            found[row["port"], row["reason"]] += row["records"]
        elif row["observed"] == "denied":
            found[row["port"], row["verdict"].replace("deny", DENIED)] += row["records"]
    assert found == wanted


def test_each_denial_names_its_policy(whole: AuditResult) -> None:
    found = {
        (one.source, one.destination.rpartition("-")[0], one.port, one.policies) for one in whole.findings
    }
    refused = "AuthorizationPolicy/stock/ledger-no-batch[rules[0]]"
    plain = "PeerAuthentication/stock/strict[mtls STRICT]"
    report, page = "tools/Pod/report-0", "default-deny by NetworkPolicy/web/page"
    assert found == {
        ("batch/Pod/import-0", "stock/Pod/ledger", 15008, (refused,)),
        ("tools/Pod/scraper-0", "stock/Pod/ledger", 9090, (plain,)),
        (report, "web/Pod/page", 8080, (page,)),
        *((f"web/Pod/page-{n}", "web/Pod/reviews-v1", 8080, (f"default-deny by {REVIEWS}",)) for n in (0, 1)),
    }


def test_the_proxies_say_what_the_policies_do(whole: AuditResult) -> None:
    recorded = whole.summary.recorded
    assert (recorded.mesh_differ, recorded.mesh_not_compared, recorded.mesh_differences) == (0, 0, ())
    outbound_requests = 609
    told = sum(talk.records.get(log, 0) for talk in TALKS for log in (Log.ENVOY, Log.ZTUNNEL))
    assert recorded.mesh_agree == told - outbound_requests


def test_the_canary_gets_too_little(whole: AuditResult) -> None:
    for load in (whole.load, audit(Log.ENVOY).load):
        splits = {(s.service, split.route): split for s in load.services for split in s.splits}
        split = splits.pop(("reviews", "VirtualService web/reviews"))
        assert not splits
        assert (split.verdict, split.why) == ("off_target", "weights")
        assert [(one.target, one.weight) for one in split.targets] == [("v1", 80), ("v2", 20)]
        assert split.targets[1].connections == 18
        assert 0.029 < 18 / split.connections < 0.031
