"""The error boundary: whatever happens inside, one exit code and one message without input in it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flowcheck.cli import main as boundary
from flowcheck.cli.exits import Exit
from flowcheck.errors import CompileError, FlowFormatError, ManifestError, OutputError, Problem, RunError
from flowcheck.reading import load_cluster
from tests.cli.run import ROOT, flowcheck, in_a_process
from tests.runners.worlds import flows, write


def end_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    def raises(*_arguments: Any) -> int:
        raise error

    monkeypatch.setattr(boundary, "_run", raises)
    return boundary.main(["x"])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ManifestError("x"), 2),
        (CompileError("x"), 2),
        (RunError("x"), 2),
        (FlowFormatError("x"), 3),
        (OutputError("x"), 4),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(32, "Broken pipe"), 4),
        (OSError(28, "No space left on device"), 4),
        (OSError(5, "Input/output error"), 5),
        (RuntimeError("x"), 5),
        (MemoryError(), 2),
        (OSError(24, "Too many open files"), 2),
        (OSError(23, "Too many open files in system"), 2),
        (BlockingIOError(11, "Resource temporarily unavailable"), 2),
        (RuntimeError("can't start new thread"), 2),
        (RecursionError(), 5),
    ],
)
def test_each_error_has_its_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int
) -> None:
    assert end_with(monkeypatch, error) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert "Traceback" not in captured.err


def test_an_internal_error_names_its_place_and_not_its_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_arguments: Any) -> None:
        raise KeyError("secret-host.internal")

    monkeypatch.setattr(boundary.Commands, "invoke", fails)
    assert boundary.main(["audit", "x", "--cluster", "y"]) == Exit.INTERNAL
    error = capsys.readouterr().err
    assert "secret" not in error
    assert "internal error: KeyError at flowcheck/cli/main.py:" in error
    assert "report it with the id" in error


def test_every_problem_is_listed_and_none_can_forge_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    problems = [Problem("bad\nerror: fine\x1b[2J", "a.yaml:1", "mend it"), Problem("worse", "b.yaml:2")]
    end_with(monkeypatch, ManifestError("2 problems", problems=problems))
    assert capsys.readouterr().err.splitlines() == [
        "error: 2 problems",
        "  a.yaml:1: bad\\nerror: fine\\x1b[2J (mend it)",
        "  b.yaml:2: worse",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["bogus"],
        ["audit"],
        ["audit", "flows"],
        ["audit", "flows", "--cluster", "c", "--jobs", "0"],
        ["audit", "flows", "--cluster", "c", "--from", "hubbel"],
        ["audit", "flows", "--cluster", "c", "--since", "yesterday"],
        ["audit", "flows", "--cluster", "c", "--since", "2026-01-01T00:00:00"],
        ["audit", "flows", "--cluster", "c", "--since", "2026-01-02", "--until", "2026-01-01"],
        ["audit", "flows", "--cluster", "c", "--min-coverage", "101"],
        ["audit", "flows", "--cluster", "c", "--max-rejected", "few"],
        ["audit", "flows", "--cluster", "c", "--resume"],
        ["audit", "flows", "--cluster", "c", "--replace-policies"],
        ["audit", "flows", "--cluster", "-", "--policies", "-"],
        ["audit", "flows", "--cluster", "c", "-f", "pdf"],
        ["audit", "flows", "--cluster", "c", "--cluster-range", "10.0.0.0"],
        ["load", "flows", "--cluster", "c", "--alpha", "nan"],
        ["load", "flows", "--cluster", "c", "--min-cv", "inf"],
        ["audit", "flows", "--cluster", "c", "-f", "json", "-f", "md"],
        ["audit", "s3://me:secret@bucket/flows", "--cluster", "c"],
        ["audit", "flows", "--cluster", "c", "--endpoint", "http://me:secret@host"],
        ["audit", "flows", "--cluster", "c", "--config", "/missing.yaml"],
        [],
    ],
    ids=" ".join,
)
def test_usage_errors_are_2(arguments: list[str]) -> None:
    assert boundary.main(arguments) == Exit.USAGE


def test_other_stores_are_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    boundary.main(["audit", "hdfs://host/flows", "--cluster", "c"])
    assert "hdfs:// is no object store that is read" in capsys.readouterr().err


def test_an_unknown_flow_format_is_told_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    boundary.main(["audit", "f", "--cluster", "c", "--from", "hubbel"])
    error = capsys.readouterr().err
    assert "'auto'" in error
    assert "'canonical'" in error


@pytest.mark.parametrize(
    ("word", "advice"), [("audti", "did you mean audit?"), ("zzz", "there are audit, diff, load")]
)
def test_a_word_that_is_no_command_gets_the_nearest(
    capsys: pytest.CaptureFixture[str], word: str, advice: str
) -> None:
    assert boundary.main([word, "flows"]) == Exit.USAGE
    assert f"no command {word!r}; {advice}" in capsys.readouterr().err


def test_messages_as_json_are_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    boundary.main(["audit", "flows", "--log-format", "json", "--cluster", "c", "--jobs", "none"])
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["level"] == "error"


@pytest.mark.parametrize("arguments", ["--help", "--version", "audit --help", "completion bash"])
def test_standard_output_closed_early_is_4_in_one_line(arguments: str) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "flowcheck", *arguments.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            check=False,
        )
    assert done.returncode == 4
    assert len(done.stderr.splitlines()) == 1


def test_help_and_version_are_0() -> None:
    assert in_a_process("--help").returncode == 0
    assert in_a_process("--version").stdout == "flowcheck 0.1.0\n"


def test_the_help_of_every_command_has_an_example() -> None:
    listed = flowcheck("--help").stdout.partition("Commands:\n")[2].partition("\n\n")[0]
    names = re.findall(r"^  ([a-z]+) ", listed, re.M)
    assert {"audit", "load", "explain", "query", "demo"} <= {*names}
    for name in names:
        assert re.search(rf"^ .*flowcheck {name}\b", flowcheck(name, "--help").stdout, re.M), name


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_ask_flowcheck(shell: str) -> None:
    assert "_FLOWCHECK_COMPLETE" in flowcheck("completion", shell).stdout


def test_completion_lists_the_commands() -> None:
    env = {"_FLOWCHECK_COMPLETE": "bash_complete", "COMP_WORDS": "flowcheck ", "COMP_CWORD": "1"}
    assert "plain,audit" in flowcheck(env=env).stdout


def test_sigterm_ends_with_143(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys, flowcheck.cli.main as m\n"
        "m._run = lambda *_: os.kill(os.getpid(), signal.SIGTERM)\n"
        "sys.exit(m.main(['x']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True)
    assert done.returncode == 143


@pytest.mark.parametrize(("words", "shown"), [((), 20), (("-v",), 30)])
def test_of_many_problems_the_first_are_told_and_the_others_counted(
    tmp_path: Path, words: tuple[str, ...], shown: int
) -> None:
    policy = (
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
        "metadata: {{name: p{}}}\nspec: {{podSelectr: {{}}}}\n"
    )
    manifest = tmp_path / "p.yaml"
    manifest.write_text("---\n".join(policy.format(number) for number in range(30)))
    done = flowcheck("audit", write(tmp_path / "f.parquet", flows()), "--cluster", manifest, *words)
    assert done.returncode == 2
    assert done.stderr.count("did you mean podSelector?") == shown
    assert ("and 10 more (-v shows all)" in done.stderr) == (shown == 20)
    with pytest.raises(ManifestError) as caught:
        load_cluster([manifest])
    assert str(caught.value).endswith("and 10 more")
    assert len(caught.value.problems) == 30
