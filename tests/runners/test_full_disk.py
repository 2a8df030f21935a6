"""The disk is full from the first write on, from the second, ..., until a run gets through.

The faults are those of ``flowcheck/runners/trouble/faults.py``, at every place where a run or its worker
writes.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from flowcheck.api import audit
from flowcheck.errors import OutputError
from flowcheck.flows.files.finding import MANIFEST
from flowcheck.runners.trouble.faults import VARIABLE
from flowcheck.runners.workspace import FOLDER, LOCK
from tests.cli.run import flowcheck
from tests.runners.disturbed import many
from tests.runners.test_faults import RECORD
from tests.runners.worlds import outputs, write, write_cluster

pytestmark = pytest.mark.usefixtures("forked_workers")


def results(out: Path) -> dict[str, bytes]:
    """Every file that a run left for others."""
    return {path.name: path.read_bytes() for path in out.iterdir() if path.name not in (FOLDER, LOCK)}


def until_one_gets_through(run: Callable[[str], CompletedProcess[str]], folder: Path) -> int:
    """``run`` with room for one more write each time, which must check what is left; how many failed."""
    for n in count(1):
        counted = folder / f"{n}.count"
        done = run(f"full-at,{n}:{counted}")
        if done.returncode != 4:
            assert done.returncode in (0, 1), done.stderr
            assert counted.stat().st_size == n - 1
            return n - 1
        (line,) = done.stderr.splitlines()
        assert "cannot write: No space left on device" in line
        assert line.startswith(f"error: {folder}") or "set TMPDIR" in line, line
    raise AssertionError


def test_a_first_audit_leaves_no_result_at_all(two_files: Path) -> None:
    """Where the first had their places already."""
    words = ("audit", two_files / "flows", "--cluster", two_files / "cluster", "-q", "--jobs", "1")
    counted = two_files / "count"
    done = flowcheck(*words, "-o", two_files / "one", env={VARIABLE: f"full-at,999:{counted}"})
    assert done.returncode == 1, done.stderr
    last = counted.stat().st_size - 1
    counted.unlink()
    done = flowcheck(*words, "-o", two_files / "two", env={VARIABLE: f"full-at,{last}:{counted}"})
    assert done.returncode == 4
    assert MANIFEST in done.stderr
    assert results(two_files / "two") == {}


@pytest.fixture
def two_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """flows/, cluster/, and an audit of other flows in previous/."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    write_cluster(tmp_path / "cluster")
    write(tmp_path / "flows" / "a.parquet", many(30, 1))
    audit(tmp_path / "flows", tmp_path / "cluster", out=tmp_path / "previous", jobs=1)
    for seed, name in enumerate("ab", 2):
        write(tmp_path / "flows" / f"{name}.parquet", many(40, seed))
    audit(tmp_path / "flows", tmp_path / "cluster", out=tmp_path / "expected", jobs=1)
    return tmp_path


def test_an_audit_leaves_the_last_results_whichever_write_fails(two_files: Path) -> None:
    words = ("audit", two_files / "flows", "--cluster", two_files / "cluster", "-q", "--jobs", "1")
    expected, previous = outputs(two_files / "expected"), results(two_files / "previous")
    assert expected != outputs(two_files / "previous")
    out = two_files / "out"

    def run(fault: str) -> CompletedProcess[str]:
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(two_files / "previous", out)
        done = flowcheck(*words, "-o", out, env={VARIABLE: fault})
        if done.returncode == 4:
            assert results(out) == previous
            again = flowcheck(*words, "-o", out, "--resume")
            assert again.returncode == 1, again.stderr
        assert outputs(out) == expected
        assert results(out).keys() == previous.keys()
        assert not (out / FOLDER).exists()
        return done

    assert until_one_gets_through(run, two_files) > 40


def test_python_is_told_the_path_and_the_errno(two_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, f"full-at,1:{two_files / 'count'}")
    with pytest.raises(OutputError) as caught:
        audit(two_files / "flows", two_files / "cluster", out=two_files / "previous")
    cause = caught.value.__cause__
    assert caught.value.where == str(two_files / "previous")
    assert isinstance(cause, OSError)
    assert cause.errno == errno.ENOSPC


def test_a_conversion_leaves_the_last_one_whichever_write_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    for name in "ab":
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(RECORD))
    out = tmp_path / "place" / "out.parquet"
    out.parent.mkdir()
    words = ("convert", tmp_path / "*.jsonl", "-o", out, "--from", "netobserv", "-q")

    def run(fault: str) -> CompletedProcess[str]:
        out.write_bytes(b"the last one")
        done = flowcheck(*words, env={VARIABLE: fault})
        assert (out.read_bytes() == b"the last one") == (done.returncode == 4)
        assert os.listdir(out.parent) == [out.name]
        return done

    assert until_one_gets_through(run, tmp_path) >= 5
