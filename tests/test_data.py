"""The sample in ``data/`` is what the package writes, and an audit of it finds what was planted, exactly.

The expectations are the plan in ``flowcheck.demo.SCENARIOS``, which the flows are made by.
"""

from __future__ import annotations

import gzip
import ipaddress
from collections import Counter
from datetime import datetime
from itertools import product
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import flowcheck
from flowcheck import demo
from flowcheck.demo import Scenario, flows, places
from flowcheck.demo.everyday import EDGES
from flowcheck.model.cluster import Cluster
from flowcheck.model.instants import instant_of
from flowcheck.reference import Judgement, Reference, Tuple5
from flowcheck.results.audit import AuditResult
from flowcheck.results.records.findings import Finding

pytestmark = pytest.mark.usefixtures("forked_workers")

DATA = Path(__file__).resolve().parent.parent / "data"
VIOLATING = [scenario for scenario in demo.SCENARIOS if scenario.kind]
MEGABYTE = 1 << 20
NOON = instant_of(datetime(2026, 3, 10, 12))
Kind = tuple[str, str, int | None, int, int]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("demo")
    demo.write(directory)
    return directory


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return flowcheck.load_cluster([str(DATA / "cluster")])


@pytest.fixture(scope="module")
def result() -> AuditResult:
    return flowcheck.audit([str(DATA / "flows")], str(DATA / "cluster"))


@pytest.fixture(scope="module")
def kinds() -> Counter[Kind]:
    """How many rows there are of each (source, destination, port, action, initiator)."""
    columns = ("src_ip", "dst_ip", "dst_port", "action", "initiator")
    return Counter(zip(*(flows.table()[name].to_pylist() for name in columns), strict=True))


def named(scenario: Scenario) -> str:
    return scenario.name


class TestCommitted:
    def test_texts_are_what_the_package_writes(self, written: Path) -> None:
        texts = [f"cluster/{path.name}" for path in (DATA / "cluster").iterdir()]
        assert {name: (DATA / name).read_text() for name in texts} == {
            name: (written / name).read_text() for name in texts
        }

    def test_the_readme_begins_with_what_the_package_writes(self, written: Path) -> None:
        assert (DATA / "README.md").read_text().startswith((written / "README.md").read_text())

    def test_nothing_is_left_out(self, written: Path) -> None:
        for folder in ("cluster", "flows", "logs"):
            committed = {path.name for path in (DATA / folder).iterdir()}
            assert committed == {path.name for path in (written / folder).iterdir()}

    @pytest.mark.parametrize("name", [name for name, _ in flows.FILES])
    def test_flows_are_what_the_package_writes(self, written: Path, name: str) -> None:
        assert pq.read_table(DATA / "flows" / name).equals(pq.read_table(written / "flows" / name))

    def test_logs_are_what_the_package_writes(self, written: Path) -> None:
        """Unpacked, as another zlib packs otherwise."""
        for path in (DATA / "logs").iterdir():
            other = written / "logs" / path.name
            if path.suffix == ".gz":
                assert gzip.decompress(path.read_bytes()) == gzip.decompress(other.read_bytes())
            else:
                assert pq.read_table(path).equals(pq.read_table(other))
            assert path.stat().st_size < MEGABYTE // 8

    def test_flow_files_are_small_and_sorted_by_time(self) -> None:
        files = sorted((DATA / "flows").iterdir())
        assert sum(path.stat().st_size for path in files) < 8 * MEGABYTE
        times = [time for path in files for time in pq.read_table(path)["start_time"].to_pylist()]
        assert len(times) == flows.ROWS
        assert times == sorted(times)

    def test_pages_carry_checksums(self) -> None:
        for path in (DATA / "flows").iterdir():
            pq.read_table(path, page_checksum_verification=True)
            assert pq.ParquetFile(path).metadata.row_group(0).num_rows <= flows.PARQUET["row_group_size"]


class TestPlan:
    def test_every_connection_is_written_by_each_of_its_reporters(self) -> None:
        assert [s.name for s in demo.SCENARIOS if s.rows % len(s.traffic.reporters)] == []

    def test_planted_is_the_plan(self) -> None:
        assert {scenario.name: scenario.rows for scenario in demo.SCENARIOS} == demo.PLANTED
        assert sum(demo.PLANTED.values()) < flows.ROWS

    @pytest.mark.parametrize("scenario", demo.SCENARIOS, ids=named)
    def test_flows_hold_the_planted_rows(self, kinds: Counter[Kind], scenario: Scenario) -> None:
        """Everyday traffic shares no (ends, port, action, initiator) with a scenario."""
        traffic = scenario.traffic
        wanted = product(traffic.sources, traffic.destinations, traffic.ports)
        rows = sum(kinds[(*ends, traffic.action, traffic.initiator)] for ends in wanted)
        assert rows == scenario.rows


class TestCluster:
    def test_addresses_of_the_plan_are_those_of_the_manifests(self, cluster: Cluster) -> None:
        planned = {a for name, group in vars(places).items() if name.isupper() for a in group}
        outside = [
            ipaddress.ip_network(text) for text in ("198.18.0.0/15", "192.0.2.0/24", "198.51.100.0/24")
        ]
        outside.append(ipaddress.ip_network("203.0.113.0/24"))
        inside = {a for a in planned if not any(ipaddress.ip_address(a) in block for block in outside)}
        owned = {a for pod in cluster.pods if not pod.finished for a in pod.addresses}
        assert inside == owned | {*places.NOBODY, *places.NOBODY_ELSE}

    def test_loads_without_a_word(self, cluster: Cluster) -> None:
        assert cluster.warnings == ()
        assert cluster.skipped == ()

    def test_everyday_traffic_is_allowed(self, cluster: Cluster) -> None:
        reference = Reference(cluster)
        for edge in EDGES:
            for src, dst, port in product(edge.sources[:20], edge.destinations, edge.ports):
                judged = reference.judge(Tuple5(src, dst, edge.protocol, port, initiator=1, at=NOON))
                assert (src != dst, judged.verdict) == (True, "allow"), (src, dst, port)

    @pytest.mark.parametrize("scenario", demo.SCENARIOS, ids=named)
    def test_reference_says_what_the_plan_says(self, cluster: Cluster, scenario: Scenario) -> None:
        reference = Reference(cluster)
        for src, dst, port in product(
            scenario.traffic.sources, scenario.traffic.destinations, scenario.traffic.ports
        ):
            flow = Tuple5(
                src, dst, scenario.traffic.protocol, port, initiator=scenario.traffic.initiator, at=NOON
            )
            judged = reference.judge(flow)
            assert (judged.verdict, judged.reason) == (scenario.verdict, scenario.reason)
            if scenario.kind:
                assert deciding(judged, scenario.verdict) == set(scenario.policies)


def deciding(judged: Judgement, verdict: str) -> set[str]:
    """One entry for each policy that a side of this verdict names."""
    texts = {side.decided_by for side in (judged.egress, judged.ingress) if side.verdict == verdict} - {""}
    by = "default-deny by "
    return {
        f"{by}{name}" if text.startswith(by) else name
        for text in texts
        for name in text.removeprefix(by).split(", ")
    }


class TestAudit:
    def test_is_complete(self, result: AuditResult) -> None:
        assert result.summary.complete
        assert result.summary.totals.rows_declared == flows.ROWS
        assert result.summary.totals.rows_rejected == 0

    def test_counts_the_planted_violations(self, result: AuditResult) -> None:
        planted = Counter[str]()
        for scenario in VIOLATING:
            planted[scenario.kind] += demo.PLANTED[scenario.name]
        found = result.summary.violations
        assert (found.forwarded_denied, found.dropped_allowed, found.findings) == (
            planted["forwarded_denied"],
            planted["dropped_allowed"],
            len(VIOLATING),
        )

    def test_counts_the_planted_unknowns(self, result: AuditResult) -> None:
        planted = {s.reason: demo.PLANTED[s.name] for s in demo.SCENARIOS if s.verdict == "unknown"}
        counted = {reason: rows for reason, rows in result.summary.verdicts.unknown_by_reason.items() if rows}
        assert counted == planted

    def test_counts_the_verdicts(self, result: AuditResult) -> None:
        planted = Counter[str]()
        for scenario in demo.SCENARIOS:
            planted[scenario.verdict] += demo.PLANTED[scenario.name]
        verdicts = result.summary.verdicts
        assert (verdicts.deny, verdicts.unknown) == (planted["deny"], planted["unknown"])
        assert verdicts.allow == flows.ROWS - planted["deny"] - planted["unknown"]

    @pytest.mark.parametrize("scenario", VIOLATING, ids=named)
    def test_finds_each_scenario_once(self, result: AuditResult, scenario: Scenario) -> None:
        finding = the_finding(result, scenario)
        assert finding.records == demo.PLANTED[scenario.name]
        assert set(finding.policies) == set(scenario.policies)
        if scenario.direction:
            assert finding.direction == scenario.direction


def the_finding(result: AuditResult, scenario: Scenario) -> Finding:
    found = [
        finding
        for finding in result.findings
        if (finding.kind, finding.port) == (scenario.kind, scenario.traffic.ports[0])
        and names(finding.source, scenario.source)
        and names(finding.destination, scenario.destination)
    ]
    assert len(found) == 1
    return found[0]


def names(said: str, planned: str) -> bool:
    """The same workload or node, or an address block that the planned one lies in."""
    if said == planned:
        return True
    try:
        return ipaddress.ip_network(planned).subnet_of(ipaddress.ip_network(said))  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return False


class TestLoad:
    """Of the Services that can be tested exactly those are odd that were planted to be."""

    def test_finds_the_planted_imbalances_and_no_other(self, result: AuditResult) -> None:
        states = {service.name: service.state for service in result.load.services}
        found = {name for name, state in states.items() if state == "skewed"}
        assert found == {"shop/catalog", "shop/cart", "payments/payments-api"}
        balanced = {name for name, state in states.items() if state == "balanced"}
        assert balanced == {"shop/gateway", "shop/storefront", "kube-system/kube-dns"}
        assert not any(service.time and service.time.one_sided for service in result.load.services)

    def test_finds_the_hot_and_the_idle_endpoint(self, result: AuditResult) -> None:
        odd = {(e.address, e.state) for service in result.load.services for e in service.endpoints if e.state}
        assert (places.CART[0], "hot") in odd
        assert (places.PAYMENTS_API[2], "idle") in odd
        beside_the_idle = {(address, "hot") for address in places.PAYMENTS_API[:2]}
        assert odd - beside_the_idle == {(places.CART[0], "hot"), (places.PAYMENTS_API[2], "idle")}

    def test_finds_the_connections_that_break_affinity(self, result: AuditResult) -> None:
        strays = {service.name: service.clients.stray for service in result.load.services}
        reports = 2
        assert strays.pop("shop/orders") == demo.PLANTED["affinity_broken"] // reports
        assert not any(strays.values())

    def test_shows_both_generations_of_the_roll_out(self, result: AuditResult) -> None:
        (storefront,) = (s for s in result.load.services if s.name == "shop/storefront")
        groups = {group.generation: (group.endpoints, group.share) for group in storefront.groups}
        assert groups == {
            "6f4d9c7b8": (2, pytest.approx(2 / 3, abs=0.01)),
            "7b9f6d5c4": (1, pytest.approx(1 / 3, abs=0.01)),
        }

    def test_attributes_every_row_once(self, result: AuditResult) -> None:
        assert sum(result.load.classes.values()) == flows.ROWS
