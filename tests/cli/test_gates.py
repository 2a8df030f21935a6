"""A gate from outside: what --baseline and --ignore do to exit codes, and what every report says of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from flowcheck.api import audit
from tests.cli.run import flowcheck
from tests.runners.worlds import ALLOWED, BAD_PORT, DENIED, write_flows

pytestmark = pytest.mark.usefixtures("forked_workers")

OTHER = 23
"""Another port that the policy does not allow."""


@pytest.fixture
def former(tmp_path: Path, cluster: Path) -> Path:
    """The result of an audit with one finding, at port DENIED."""
    flows = write_flows(tmp_path / "old.parquet", [ALLOWED, DENIED])
    assert flowcheck("audit", flows, "--cluster", cluster, "-o", tmp_path / "former").returncode == 1
    return tmp_path / "former"


def ignore_file(folder: Path, match: str, more: str = "") -> Path:
    file = folder / "ignore.yaml"
    file.write_text(f"- match: {match}\n  reason: known to shop\n  owner: team-shop\n{more}")
    return file


def summary_of(out: Path) -> Any:
    return json.loads((out / "summary.json").read_text())


@pytest.mark.parametrize(
    ("ports", "code", "counts"),
    [
        ([DENIED, DENIED], 0, (0, 1, 0)),
        ([DENIED, OTHER], 1, (1, 1, 0)),
        ([OTHER], 1, (1, 0, 1)),
        ([ALLOWED], 0, (0, 0, 1)),
        ([DENIED, BAD_PORT], 3, (0, 1, 0)),
    ],
)
def test_only_what_the_baseline_has_not_is_1(
    tmp_path: Path, cluster: Path, former: Path, ports: list[int], code: int, counts: tuple[int, ...]
) -> None:
    flows, out = write_flows(tmp_path / "new.parquet", ports), tmp_path / "out"
    done = flowcheck("audit", flows, "--cluster", cluster, "--baseline", former, "-o", out)
    assert done.returncode == code, done.stderr
    gate = summary_of(out)["gate"]
    assert (gate["new"], gate.get("known", 0), gate.get("gone", 0)) == counts
    assert f"{counts[0]} finding{'s' * (counts[0] != 1)} new" in done.stdout
    assert flowcheck("verify", out).returncode == 0


@pytest.mark.parametrize(
    ("more", "ports", "code"),
    [
        ("", [DENIED], 0),
        ("  expires: 2999-12-31\n", [DENIED], 0),
        ("  expires: 2020-12-31\n", [DENIED], 1),
        ("", [DENIED, OTHER], 1),
        ("", [DENIED, BAD_PORT], 3),
    ],
)
def test_what_is_ignored_is_not_1_and_never_hides_that_a_run_is_incomplete(
    tmp_path: Path, cluster: Path, more: str, ports: list[int], code: int
) -> None:
    flows, out = write_flows(tmp_path / "f.parquet", ports), tmp_path / "out"
    file = ignore_file(tmp_path, f"{{dst: shop/Pod/db, port: {DENIED}}}", more)
    done = flowcheck("audit", flows, "--cluster", cluster, "--ignore", file, "-o", out)
    assert done.returncode == code, done.stderr
    findings = json.loads((out / "findings.json").read_text())["findings"]
    assert len(findings) == len(set(ports) - {BAD_PORT})
    ignored = [one for one in findings if one.get("suppressed") == "ignored"]
    expired = "2020" in more
    assert len(ignored) == (not expired)
    assert all(one["suppressed_because"].startswith("known to shop (team-shop") for one in ignored)
    assert ("expired, its last day was 2020-12-31; it would match 1 finding" in done.stderr) is expired
    assert flowcheck("verify", out).returncode == 0


def test_an_entry_that_matches_nothing_is_told(tmp_path: Path, cluster: Path) -> None:
    flows = write_flows(tmp_path / "f.parquet", [DENIED])
    done = flowcheck("audit", flows, "--cluster", cluster, "--ignore", ignore_file(tmp_path, "{src: shop/x}"))
    assert done.returncode == 1
    assert f"{tmp_path}/ignore.yaml:1: matches no finding" in done.stderr
    assert "matches no finding: known to shop (team-shop)" in " ".join(done.stdout.split())


def test_unresolved_is_1_whatever_is_ignored(tmp_path: Path, cluster: Path) -> None:
    write_flows(tmp_path / "flows" / "icmp.parquet", [None], protocol=1)
    write_flows(tmp_path / "flows" / "tcp.parquet", [DENIED])
    words = ["--cluster", cluster, "--ignore", ignore_file(tmp_path, "{kind: forwarded_denied}")]
    assert flowcheck("audit", tmp_path / "flows", *words).returncode == 0
    assert flowcheck("audit", tmp_path / "flows", *words, "--fail-on", "unresolved").returncode == 1


@pytest.mark.parametrize("form", ["terminal", "json", "md", "sarif", "junit", "github", "gitlab"])
def test_every_report_counts_new_known_and_ignored(
    tmp_path: Path, cluster: Path, former: Path, form: str
) -> None:
    flows = write_flows(tmp_path / "f.parquet", [DENIED, OTHER, 24])
    file = ignore_file(tmp_path, "{port: 24}")
    words = ["--cluster", cluster, "--baseline", former, "--ignore", file, "-f", form]
    done = flowcheck("audit", flows, *words)
    assert done.returncode == 1
    if form == "json":
        gate = json.loads(done.stdout)["summary"]["gate"]
        assert (gate["new"], gate["known"], gate["ignored"]) == (1, 1, 1)
    else:
        assert "1 new, 1 known, 1 ignored" in done.stdout


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_the_reports_of_findings_alone_mark_each(
    tmp_path: Path, cluster: Path, former: Path, form: str
) -> None:
    flows = write_flows(tmp_path / "f.parquet", [DENIED])
    done = flowcheck("audit", flows, "--cluster", cluster, "--baseline", former, "-f", form)
    assert done.returncode == 0
    assert "baseline" in done.stdout.splitlines()[-1]


def test_a_new_finding_is_what_to_start_with(tmp_path: Path, cluster: Path, former: Path) -> None:
    flows = write_flows(tmp_path / "f.parquet", [DENIED, DENIED, DENIED, OTHER])
    done = flowcheck("audit", flows, "--cluster", cluster, "--baseline", former)
    assert f"start with shop/Pod/web -> shop/Pod/db {OTHER}/TCP" in done.stdout
    known = flowcheck("audit", tmp_path / "old.parquet", "--cluster", cluster, "--baseline", former)
    assert "start with" not in known.stdout


def test_2_before_anything_is_judged(tmp_path: Path, cluster: Path, former: Path) -> None:
    flows = write_flows(tmp_path / "f.parquet", [DENIED])
    bad = tmp_path / "bad.yaml"
    bad.write_text("- match: {src: a}\n  reason: r\n")
    for words, said in (
        (["--baseline", tmp_path / "nowhere"], "the folder that an audit wrote"),
        (["--ignore", tmp_path / "nowhere.yaml"], "cannot read"),
        (["--ignore", bad], "bad.yaml:1: has no owner"),
        (["--baseline", former, "-o", former], "the folder that the result goes to"),
    ):
        done = flowcheck("audit", flows, "--cluster", cluster, *words)
        assert done.returncode == 2, done.stderr
        assert said in done.stderr
        assert done.stdout == ""


def test_a_baseline_that_was_changed_is_refused_and_findings_alone_will_do(
    tmp_path: Path, cluster: Path, former: Path
) -> None:
    flows = write_flows(tmp_path / "f.parquet", [DENIED])
    findings = former / "findings.json"
    findings.write_text(findings.read_text().replace('"schema": 1', '"schema":  1'))
    done = flowcheck("audit", flows, "--cluster", cluster, "--baseline", former)
    assert done.returncode == 2
    assert "is not the findings.json that manifest.json lists" in done.stderr
    kept = tmp_path / "kept"
    kept.mkdir()
    shutil.copy(findings, kept)
    assert flowcheck("audit", flows, "--cluster", cluster, "--baseline", kept).returncode == 0


def test_the_config_file_names_both(tmp_path: Path, cluster: Path, former: Path) -> None:
    flows = write_flows(tmp_path / "f.parquet", [DENIED, OTHER])
    file = ignore_file(tmp_path, f"{{port: {OTHER}}}")
    config = tmp_path / "flowcheck.yaml"
    config.write_text(f"audit:\n  baseline: {former}\n  ignore: {file}\n")
    assert flowcheck("audit", flows, "--cluster", cluster, "--config", config).returncode == 0


def test_findings_that_are_not_listed_count_as_new(tmp_path: Path, cluster: Path) -> None:
    flows = write_flows(tmp_path / "f.parquet", [DENIED, OTHER])
    former = tmp_path / "former"
    words = ["audit", flows, "--cluster", cluster]
    assert flowcheck(*words, "-o", former).returncode == 1
    assert flowcheck(*words, "--baseline", former).returncode == 0
    done = flowcheck(*words, "--baseline", former, "--max-findings", "1", "-o", tmp_path / "out")
    assert done.returncode == 1
    assert "1 finding is not listed, and counts as new: --max-findings" in done.stdout
    assert flowcheck("verify", tmp_path / "out").returncode == 0


def test_verify_tells_of_a_mark_that_was_changed(tmp_path: Path, cluster: Path, former: Path) -> None:
    flows, out = write_flows(tmp_path / "f.parquet", [DENIED]), tmp_path / "out"
    assert flowcheck("audit", flows, "--cluster", cluster, "--baseline", former, "-o", out).returncode == 0
    summary = out / "summary.json"
    summary.write_text(summary.read_text().replace('"known": 1', '"known": 2'))
    done = flowcheck("verify", out)
    assert done.returncode == 3
    assert "findings that are baseline" in done.stdout


def test_python_has_both(tmp_path: Path, cluster: Path, former: Path) -> None:
    flows = write_flows(tmp_path / "f.parquet", [DENIED, OTHER])
    result = audit(
        flows, cluster, jobs=1, baseline=former, ignore=ignore_file(tmp_path, f"{{port: {OTHER}}}")
    )
    assert result.summary.failing == 0
    marks = result.findings.to_arrow()["suppressed"].to_pylist()
    assert sorted(marks) == ["baseline", "ignored"]
