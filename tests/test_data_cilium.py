"""The second sample: what lies in data/cilium is what is made, and an audit finds what was planted."""

from __future__ import annotations

from pathlib import Path

import pytest

import flowcheck
from flowcheck.demo.cilium import LOG, planted, write
from flowcheck.demo.cilium.talk import EXPECTED, ORDINARY
from flowcheck.results.audit import AuditResult

pytestmark = pytest.mark.usefixtures("forked_workers")

ALL = (*ORDINARY, *EXPECTED)
DATA = Path(__file__).resolve().parent.parent / "data" / "cilium"


def audit(*, names: bool) -> AuditResult:
    return flowcheck.audit(
        [str(DATA / LOG)],
        str(DATA / "cluster"),
        jobs=1,
        source_format="auto",
        dns_map=DATA / LOG if names else None,
    )


def test_the_folder_is_what_is_written(tmp_path: Path) -> None:
    write(tmp_path)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert made == {path.relative_to(DATA): path.read_bytes() for path in DATA.rglob("*") if path.is_file()}


def test_what_was_planted_is_found() -> None:
    result = audit(names=True)
    summary = result.summary
    assert summary.violations.forwarded_denied == planted()["forwarded_denied"] == 38
    assert summary.violations.dropped_allowed == planted()["dropped_allowed"] == 4
    assert summary.verdicts.unknown == 0
    assert sum(result.edges["flow_count"].to_pylist()) == sum(
        talk.connections for talk in (*ORDINARY, *EXPECTED)
    )


def test_without_names_what_is_about_names_is_unknown() -> None:
    result = audit(names=False)
    assert result.summary.verdicts.unknown == sum(
        t.connections for t in (*ORDINARY, *EXPECTED) if t.port == 443
    )
    unknown = [row for row in result.edges.to_pylist() if row["verdict"] == "unknown"]
    assert {row["reason"] for row in unknown} == {"needs_dns"}


def test_what_planted_connections_are_found_as() -> None:
    found = {(f.kind, f.port): 0 for f in audit(names=True).findings}
    for finding in audit(names=True).findings:
        found[finding.kind, finding.port] += finding.records
    expected = {(talk.found, talk.port): 0 for talk in EXPECTED}
    for talk in EXPECTED:
        expected[talk.found, talk.port] += talk.connections
    assert found == expected
