"""What the audit command does around the run: the report's place, the exit code, the messages.

The run itself is replaced by a hand-built result; test_exit_codes has the real one.
"""

from __future__ import annotations

import dataclasses
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from flowcheck.cli.exits import Exit, exit_code
from flowcheck.cli.flows.progress import progress_bar
from flowcheck.cli.main import main
from flowcheck.results.audit import AuditResult
from flowcheck.results.records.summary import Resumed
from tests.cli.run import flowcheck
from tests.reports.build import HOSTILE, make_clean_result, make_finding, make_result

COMMAND = ["audit", "flows", "--cluster", "cluster"]


Finish = Callable[[AuditResult], dict[str, Any]]


@pytest.mark.parametrize("fail_on", ["violation", "unresolved", "none"])
@pytest.mark.parametrize("exit_zero", [True, False])
def test_incomplete_beats_everything(fail_on: str, exit_zero: bool) -> None:
    assert exit_code(make_result().summary, fail_on, exit_zero) == Exit.INCOMPLETE


@pytest.mark.parametrize(
    ("found", "unknown", "fail_on", "exit_zero", "code"),
    [
        (False, False, "violation", False, 0),
        (True, False, "violation", False, 1),
        (True, False, "violation", True, 0),
        (True, False, "none", False, 0),
        (True, False, "unresolved", False, 1),
        (False, True, "violation", False, 0),
        (False, True, "unresolved", False, 1),
        (False, True, "unresolved", True, 0),
    ],
)
def test_the_code_of_a_complete_run(
    found: bool, unknown: bool, fail_on: str, exit_zero: bool, code: int
) -> None:
    with_findings = make_result((make_finding(),) if found else ()).summary
    verdicts = msgspec.structs.replace(with_findings.verdicts, unknown=int(unknown))
    summary = msgspec.structs.replace(with_findings, complete=True, verdicts=verdicts)
    assert exit_code(summary, fail_on, exit_zero) == code


def test_the_report_goes_to_standard_output_and_all_else_to_standard_error(
    finish: Finish, capsys: pytest.CaptureFixture[str]
) -> None:
    finish(make_result())
    assert main(COMMAND) == Exit.INCOMPLETE
    captured = capsys.readouterr()
    assert captured.out.startswith("flowcheck: 23,540 records in violation")
    assert captured.err.startswith("warning: incomplete: 1 file failed\n")


def test_quiet_leaves_the_report_only(finish: Finish, capsys: pytest.CaptureFixture[str]) -> None:
    finish(make_result())
    main([*COMMAND, "-q"])
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out


def test_reports_into_files(finish: Finish, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finish(make_result())
    files = {form: tmp_path / f"report.{form}" for form in ("json", "jsonl", "csv", "md", "terminal")}
    main([*COMMAND, *(f"-f{form}={file}" for form, file in files.items())])
    assert capsys.readouterr().out == ""
    assert json.loads(files["json"].read_text())["summary"]["complete"] is False
    assert all(file.stat().st_size > 100 and file.stat().st_mode & 0o777 == 0o600 for file in files.values())


def test_a_bad_output_is_refused_before_the_work(finish: Finish, tmp_path: Path) -> None:
    asked = finish(make_result())
    (tmp_path / "target").touch()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    assert main([*COMMAND, f"-fjson={tmp_path}/link"]) == Exit.OUTPUT
    assert main([*COMMAND, f"-fjson={tmp_path}/none/x"]) == Exit.OUTPUT
    assert not asked


def test_the_request_is_what_the_options_say(finish: Finish) -> None:
    asked = finish(make_clean_result())
    selection = ["-n", "shop", "-n", "db", "--since", "2026-01-01"]
    judging = ["--max-rejected", "1%", "--min-coverage", "99", "--jobs", "2", "--icmp", "policy"]
    code = main([*COMMAND, "more", "-o", "out", *selection, *judging, "--keep-columns", "--no-cache"])
    request = asked["request"]
    assert code == Exit.CLEAN
    assert list(asked["flows"]) == ["flows", "more"]
    assert (request.out, request.namespaces, request.jobs) == (Path("out"), ("shop", "db"), 2)
    assert (request.max_rejected_rows, request.max_rejected_percent, request.min_coverage) == (0, 1.0, 99.0)
    assert (request.keep_columns, request.cache, request.resume) == (True, False, False)
    assert (request.cni, request.switches) == ("auto", (("icmp", "policy"),))
    assert request.since.year == 2026


@pytest.fixture(autouse=True)
def _no_cache_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """--no-cache speaks to the kernels by the environment; put it back as it was."""
    monkeypatch.setenv("FLOWCHECK_NO_CACHE", "0")
    monkeypatch.delenv("FLOWCHECK_NO_CACHE")


def test_strict_lists_every_document_that_takes_no_part(
    finish: Finish, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from flowcheck.errors import ManifestError

    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n")
    asked = finish(make_clean_result())
    main(["audit", "flows", "--cluster", str(tmp_path), "--strict"])
    with pytest.raises(ManifestError, match="would take no part") as caught:
        asked["source"].inspect(asked["source"].load())
    assert "ConfigMap" in str(caught.value.problems[0])


def test_warnings_are_escaped_and_the_rest_counted(
    finish: Finish, capsys: pytest.CaptureFixture[str]
) -> None:
    result = make_clean_result()
    cluster = msgspec.structs.replace(result.summary.cluster, warnings=(HOSTILE,) * 25)
    object.__setattr__(result, "summary", msgspec.structs.replace(result.summary, cluster=cluster))
    finish(result)
    main(COMMAND)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 21
    assert all(line.startswith("warning: ") and line.isprintable() for line in lines)
    assert lines[-1] == "warning: and 5 more warnings (-v shows all)"


@pytest.mark.parametrize(
    ("resumed", "said"),
    [
        (Resumed(files=2, rows=1), "resumed: 2 of 3 files (1 row) had been judged before, the rest now"),
        (None, "there was nothing to resume: all of 3 files judged now"),
    ],
)
def test_resume_says_what_it_saved(
    finish: Finish, capsys: pytest.CaptureFixture[str], resumed: Resumed | None, said: str
) -> None:
    result = make_result()
    finish(dataclasses.replace(result, summary=msgspec.structs.replace(result.summary, resumed=resumed)))
    main([*COMMAND, "-o", "out", "--resume"])
    assert f"info: {said}\n" in capsys.readouterr().err


def test_a_pipe_closed_by_its_reader_is_4_in_one_line(
    finish: Finish, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Closed(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    finish(make_clean_result())
    monkeypatch.setattr(sys, "stdout", Closed())
    assert main(COMMAND) == Exit.OUTPUT
    assert capsys.readouterr().err == "error: standard output: cannot write: Broken pipe\n"


def test_the_progress_bar_is_drawn_on_a_terminal_when_called(monkeypatch: pytest.MonkeyPatch) -> None:
    from flowcheck.runners.request import Progress

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar(True) as update:
        assert update is not None
        update(
            Progress(rows_done=5_000_000, rows_total=10_000_000, files_done=1, files_total=2, phase="judging")
        )
    assert "judging" in terminal.getvalue()
    assert "5.0 M rows" in terminal.getvalue()
    with progress_bar(False) as update:
        assert update is None


def test_an_age_is_told_as_the_time_that_it_meant(tmp_path: Path) -> None:
    """--since 24h means another time tomorrow, so the result says which."""
    from datetime import UTC, datetime, timedelta

    data = Path(__file__).parents[2] / "data"
    given = ["--cluster", data / "cluster", "--since", "7000d", "--until", "24h", "-o", tmp_path / "out"]
    before = datetime.now(UTC)
    done = flowcheck("audit", data / "flows" / "2026-03-10T00.parquet", *given)
    after = datetime.now(UTC)
    assert done.returncode == 1, done.stderr
    options = json.loads((tmp_path / "out" / "summary.json").read_text())["options"]
    for name, days in (("since", 7000), ("until", 1)):
        told = datetime.fromisoformat(options[name])
        assert before <= told + timedelta(days=days) <= after
        assert f"{name} {options[name][:19]}Z" in " ".join(done.stdout.split())
