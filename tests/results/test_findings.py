"""Findings of a small audit: apart by what the log says, breaches first, with the policy to change."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from flowcheck.api import audit
from flowcheck.results.audit import AuditResult
from flowcheck.results.relative import named_from
from tests.runners.worlds import ALLOWED, DENIED, flows, write, write_cluster

pytestmark = pytest.mark.usefixtures("forked_workers")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("findings")


@pytest.fixture(scope="module")
def result(folder: Path) -> AuditResult:
    """Denied: 3 with no word of what became of them, 2 that went through, 1 audited. Allowed: 4 dropped."""
    actions = [0, 0, 0, 1, 1, 3, *[2] * 4]
    ports = [*[DENIED] * 6, *[ALLOWED] * 4]
    columns = {"action": pa.array(actions, pa.int8()), "dst_port": pa.array(ports, pa.int32())}
    file = write(folder / "f.parquet", flows(10, **columns))
    return audit(file, write_cluster(folder / "cluster"), jobs=1)


def test_what_is_not_told_is_a_finding_of_its_own(result: AuditResult) -> None:
    assert [(f.kind, f.observed, f.records) for f in result.findings] == [
        ("forwarded_denied", "allowed, audit", 3),
        ("forwarded_denied", "unknown", 3),
        ("dropped_allowed", "denied", 4),
    ]
    assert len({finding.fingerprint for finding in result.findings}) == 3
    violations = result.summary.violations
    assert (violations.forwarded_denied, violations.observed_unknown, violations.dropped_allowed) == (6, 3, 4)


def test_the_fingerprint_of_what_went_through_is_that_of_its_words(result: AuditResult) -> None:
    """It must not change with the version: people keep lists of them."""
    assert result.findings[0].fingerprint == "b1f23f1972974919"


def test_the_policy_to_change(result: AuditResult) -> None:
    changes = [finding.change for finding in result.findings]
    assert changes == [("NetworkPolicy/shop/db-from-web",), ("NetworkPolicy/shop/db-from-web",), ()]


def test_files_named_from_a_folder_that_will_be_gone(folder: Path, result: AuditResult) -> None:
    short = named_from(result, folder)
    assert short.findings[0].policy_sources == ("cluster/policy.yaml:1",)
    assert short.findings[0].example.file == short.ledger.files[0].file == "f.parquet"
    assert set(short.policy_hits.column("file").to_pylist()) == {"cluster/policy.yaml"}
    assert named_from(short, folder) == short


def test_bytes_are_none_where_the_log_has_none(folder: Path, result: AuditResult) -> None:
    """What was dropped carried nothing, which only a log with bytes tells."""
    assert result.summary.bytes is None
    assert result.findings.to_arrow()["bytes"].null_count == len(result.findings) == 3
    assert "carried" not in str(result)
    sizes = {"bytes": pa.array([7, 0]), "dst_port": pa.array([ALLOWED, DENIED], pa.int32())}
    told = audit(write(folder / "told.parquet", flows(2, **sizes)), folder / "cluster", jobs=1)
    assert told.summary.bytes == 7
    assert [finding.bytes for finding in told.findings] == [0]
    assert "(7 B carried)" in str(told)
