"""flowcheck verify as a person runs it: what it ends with, and what it shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.run import flowcheck, in_a_process
from tests.runners.verifying.results import copied, sign, write_result


@pytest.fixture(scope="module")
def written(forked_workers: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_result(tmp_path_factory.mktemp("written"))


def test_a_result_that_holds_ends_with_0(written: Path) -> None:
    done = in_a_process("verify", written, "--inputs", env={"COLUMNS": "100"})
    assert (done.returncode, done.stderr) == (0, "")
    first, *_, last = done.stdout.splitlines()
    assert first == f"flowcheck verify: {written} is what an audit wrote"
    assert last.startswith("  inputs  7 files read again")
    assert "11 rows accounted for" in done.stdout


def test_json_says_the_same(written: Path, tmp_path: Path) -> None:
    done = flowcheck("verify", written, "-f", f"json={tmp_path / 'found.json'}", "-f", "terminal")
    assert done.returncode == 0
    found = json.loads((tmp_path / "found.json").read_text())
    assert (found["schema"], found["holds"], found["differences"], found["inputs"]) == (1, True, [], None)
    assert "not looked at (--inputs)" in done.stdout


def test_what_differs_ends_with_3_and_is_listed(written: Path, tmp_path: Path) -> None:
    out = copied(written, tmp_path)
    for number in range(25):
        (out / f"note-{number:02d}.txt").touch()
    done = flowcheck("verify", out)
    assert done.returncode == 3
    lines = done.stdout.splitlines()
    assert lines[0] == f"flowcheck verify: 25 differences in {out}, which is not what an audit wrote"
    assert sum("note-" in line for line in lines) == 20
    assert lines[-1] == "  and 5 more differences (-f json has all)"
    assert lines[-2] == "  note-19.txt  file: none expected, additional found"
    found = json.loads(flowcheck("verify", out, "-f", "json").stdout)
    assert len(found["differences"]) == 25
    assert found["differences"][0] == {
        "file": "note-00.txt",
        "what": "file",
        "expected": None,
        "found": "additional",
    }


def test_names_of_files_and_what_stands_in_them_are_escaped(written: Path, tmp_path: Path) -> None:
    out = copied(written, tmp_path)
    (out / "a\x1b[2J\n.txt").touch()
    ledger = json.loads((out / "ledger.json").read_text())
    ledger["files"][0] |= {"file": "\x1b]0;x\x07", "status": "\u202ejudged"}
    (out / "ledger.json").write_text(json.dumps(ledger))
    sign(out)
    done = flowcheck("verify", out, "--inputs")
    assert done.returncode == 3
    assert "a\\x1b[2J\\n.txt" in done.stdout
    assert "\\u202ejudged" in done.stdout
    assert all(line.isprintable() for line in done.stdout.splitlines())
    assert "\x1b" not in flowcheck("verify", out, "--inputs", "-f", "json").stdout


@pytest.mark.parametrize("folder", ["nowhere", "empty", "flows"])
def test_what_is_no_result_ends_with_2(written: Path, tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    path = written.parent / "flows" if folder == "flows" else tmp_path / folder
    done = flowcheck("verify", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{path}: no result" in done.stderr


def test_a_folder_of_results_is_no_input_of_another_audit(written: Path, tmp_path: Path) -> None:
    """The manifest ends like a log, and is none."""
    out = copied(written, tmp_path)
    done = flowcheck("audit", out, "--cluster", written.parent / "cluster")
    assert done.returncode == 2
    assert "no input files" in done.stderr
    assert "manifest" not in done.stderr
