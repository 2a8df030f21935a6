"""The sample's day in four forms: every log gives the verdicts of canonical columns, as far as it tells."""

from __future__ import annotations

from pathlib import Path

import pytest

import flowcheck
from flowcheck.results.audit import AuditResult

pytestmark = pytest.mark.usefixtures("forked_workers")

DATA = Path(__file__).resolve().parent.parent / "data"
Edge = tuple[str, str, int | None, int]
Said = set[tuple[str, str | None]]


def audit(name: str) -> AuditResult:
    return flowcheck.audit([str(DATA / "logs" / name)], str(DATA / "cluster"), jobs=1)


def edges(result: AuditResult, *, observed: bool = True) -> dict[Edge, Said]:
    """The verdicts of each edge, and what was observed of it."""
    found: dict[Edge, Said] = {}
    for row in result.edges.to_pylist():
        edge = (row["source"], row["destination"], row["port"], row["protocol"])
        found.setdefault(edge, set()).add((row["verdict"], row["observed"] if observed else None))
    return found


@pytest.fixture(scope="module")
def canonical() -> AuditResult:
    return audit("canonical.parquet")


def test_hubble_tells_what_canonical_columns_tell(canonical: AuditResult) -> None:
    """But a trace does not say what a policy decided."""
    hubble = audit("hubble.jsonl.gz")
    assert {f.fingerprint for f in hubble.findings} == {f.fingerprint for f in canonical.findings}
    assert [(f.source, f.records, f.flows) for f in hubble.findings] == [
        (f.source, f.records, f.flows) for f in canonical.findings
    ]
    one, other = edges(hubble), edges(canonical)
    untold = {edge for edge in other if ("unknown", "allowed") in other[edge]}
    assert {edge: said for edge, said in one.items() if edge not in untold} == {
        edge: said for edge, said in other.items() if edge not in untold
    }
    assert one.keys() == other.keys()


def test_vpc_flow_logs_tell_who_talked_to_whom_and_no_policy(canonical: AuditResult) -> None:
    vpc = audit("vpc.parquet")
    assert edges(vpc, observed=False) == edges(canonical, observed=False)
    assert vpc.summary.recorded.cloud == {"allowed": vpc.summary.totals.rows_declared}
    assert vpc.summary.violations.dropped_allowed == 0
    assert vpc.summary.violations.observed_unknown == vpc.summary.violations.forwarded_denied
    denied = {(f.source, f.destination, f.port) for f in canonical.findings if f.kind == "forwarded_denied"}
    assert denied <= {(f.source, f.destination, f.port) for f in vpc.findings}


def test_goldmane_tells_the_same_of_pods_and_nothing_of_addresses(canonical: AuditResult) -> None:
    def between_pods(found: dict[Edge, Said]) -> dict[Edge, Said]:
        """Without what was dropped for no policy, and what Goldmane knows the initiator of."""
        return {
            edge: {one for one in said if one[1] != "dropped"}
            for edge, said in found.items()
            if all(end.split("/")[0] in ("shop", "payments", "monitoring", "kube-system") for end in edge[:2])
            and ("unknown", "allowed") not in said
        }

    goldmane = audit("goldmane.jsonl.gz")
    one, other = between_pods(edges(goldmane)), between_pods(edges(canonical))
    assert one.items() >= other.items()
    assert len(other) > 50
    outside = {said for edge, said in edges(goldmane).items() for said in said if edge not in one}
    assert {verdict for verdict, _ in outside} == {"unknown"}
