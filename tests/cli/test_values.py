"""What the words on the command line stand for, from wherever they come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from flowcheck.cli import audit
from flowcheck.cli.main import group, main
from flowcheck.cli.words.messages import Messages
from flowcheck.cli.words.values import Moment, Percent, Report, ReportType, Tolerance, ToleranceType

COMMAND = ["audit", "flows", "--cluster", "c"]


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The values the audit command was run with."""
    seen: dict[str, Any] = {}

    def run(_context: click.Context, values: dict[str, Any]) -> int:
        seen.update(values)
        return 0

    monkeypatch.setattr(audit, "run", run)
    return seen


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T10:00:00Z", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31T10:00:00.5+02:00", datetime(2026, 1, 31, 8, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_times(text: str, moment: datetime) -> None:
    assert Moment().parse(text) == moment


def test_an_age_counts_back_from_now() -> None:
    assert abs(datetime.now(UTC) - timedelta(hours=6) - Moment().parse("6h")) < timedelta(minutes=1)


@pytest.mark.parametrize("text", ["", "6", "6y", "20260131", "2026-W05-6", "2026-01-31T10:00:00", "999999w"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        Moment().parse(text)


def test_percentages_and_tolerances() -> None:
    assert Percent().parse("99.5%") == Percent().parse("99.5") == 99.5
    assert ToleranceType().parse("10") == Tolerance(rows=10)
    assert ToleranceType().parse("0.5%") == Tolerance(percent=0.5)
    with pytest.raises(ValueError, match="neither"):
        ToleranceType().parse("0.5")


def test_reports() -> None:
    assert ReportType().parse("json=a=b.json") == Report("json", Path("a=b.json"))
    assert ReportType().parse("md=-") == Report("md", None)


def test_without_options_the_report_goes_to_the_terminal(given: dict[str, Any]) -> None:
    assert main(COMMAND) == 0
    assert list(given["formats"]) == [Report("terminal")]
    assert (given["jobs"], given["max_rejected"], given["ipblock_matches_pods"]) == (None, Tolerance(), None)


def test_every_option_can_come_from_the_environment(
    given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "CLUSTER": "a b",
        "FAIL_ON": "none",
        "JOBS": "3",
        "EXIT_ZERO": "1",
        "FORMATS": "json=x.json",
        "MIN_COVERAGE": "90",
    }.items():
        monkeypatch.setenv(f"FLOWCHECK_{name}", value)
    assert main(["audit", "flows"]) == 0
    assert given["cluster"] == ("a", "b")
    assert (given["fail_on"], given["jobs"], given["exit_zero"]) == ("none", 3, True)
    assert given["min_coverage"] == 90


def test_the_command_line_beats_the_environment_which_beats_the_file(
    given: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "flowcheck.yaml"
    config.write_text(
        "fail-on: none\njobs: 2\nmin_coverage: 75\n"
        "audit:\n  cluster: [x, y]\n  ipblock-matches-pods: no\n  format: json=a.json\n  strict: true\n"
        "  since: 2026-01-01\n"
    )
    monkeypatch.setenv("FLOWCHECK_JOBS", "3")
    assert main(["audit", "flows", "--config", str(config), "--fail-on", "unresolved"]) == 0
    assert (given["fail_on"], given["jobs"], given["min_coverage"]) == ("unresolved", 3, 75)
    assert given["cluster"] == ("x", "y")
    assert (given["ipblock_matches_pods"], given["strict"]) == ("no", True)
    assert given["formats"] == (Report("json", Path("a.json")),)
    assert given["since"] == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "content",
    ["failon: none", "audit: {jbos: 2}", "strict: yes", "jobs: {}", "- a", "a: [", "config: x", "a: 1\na: 2"],
)
def test_a_mistake_in_the_file_is_2(given: dict[str, Any], tmp_path: Path, content: str) -> None:
    (tmp_path / "c.yaml").write_text(content)
    assert main([*COMMAND, "--config", str(tmp_path / "c.yaml")]) == 2
    assert not given


def test_an_option_of_another_command_may_stand_in_the_file(given: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("min-coverage: 5\ndemo: {jobs: 1}")
    context = group.make_context("flowcheck", ["demo", "--config", str(tmp_path / "c.yaml")], obj=Messages())
    assert context is not None
    assert main([*COMMAND, "--config", str(tmp_path / "c.yaml")]) == 0
    assert given["min_coverage"] == 5
