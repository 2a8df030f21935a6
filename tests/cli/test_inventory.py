"""``flowcheck inventory`` as a person runs it, and ``--at`` of both commands that have it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from flowcheck.cli.words.values import SnapshotTime
from tests.cli.run import flowcheck, in_a_process
from tests.history.timed import at, event, pod, policy, snapshot, watch
from tests.runners.worlds import write_cluster


@pytest.fixture
def history(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    snapshot(folder, "10:00", pod(started="09:00"), policy(created="08:00"))
    watch(folder, event("MODIFIED", pod(started="09:00", app="b"), "10:02"))
    return folder


def test_0_and_what_was_found(history: Path, tmp_path: Path) -> None:
    done = flowcheck("inventory", history, "-o", tmp_path / "i.parquet")
    assert (done.returncode, done.stdout) == (0, "")
    assert "pod: 1 object, 2 versions" in done.stderr
    assert "policy: 1 object, 1 version" in done.stderr
    assert "from 2026-03-10T08:00:00Z to 2026-03-10T10:02:00Z" in done.stderr
    assert pq.read_table(tmp_path / "i.parquet").num_rows == 4
    assert (tmp_path / "i.parquet").stat().st_mode & 0o777 == 0o600


def test_it_can_be_asked_like_the_cluster_it_was_made_of(tmp_path: Path) -> None:
    cluster = write_cluster(tmp_path / "cluster")
    assert flowcheck("inventory", cluster, "-o", tmp_path / "i.parquet").returncode == 0
    ends = ("--from", "shop/web", "--to", "shop/db", "--port", "5432")
    answers = [
        flowcheck("explain", "--cluster", source, *ends).stdout
        for source in (cluster, tmp_path / "i.parquet")
    ]
    assert answers[0] == answers[1] != ""


def test_at_is_a_time_or_that_of_each_file(history: Path, tmp_path: Path) -> None:
    (history / f"state-{'2026-03-10T10:00:00Z'}.json").rename(tmp_path / "plain.json")
    os.utime(tmp_path / "plain.json", (1_773_136_800, 1_773_136_800))
    for given in ("2026-03-10T10:00:00Z", "mtime"):
        done = flowcheck("inventory", tmp_path / "plain.json", "-o", tmp_path / "i.parquet", "--at", given)
        assert done.returncode == 0, done.stderr
        (row,) = [one for one in pq.read_table(tmp_path / "i.parquet").to_pylist() if one["kind"] == "pod"]
        assert row["sure_to"].isoformat() == "2026-03-10T10:00:00+00:00"
    assert SnapshotTime().parse("2026-03-10T10:00:00Z") == at("10:00")


def test_standard_input(history: Path, tmp_path: Path) -> None:
    text = (history / "watch.json").read_text()
    assert in_a_process("inventory", "-", "-o", tmp_path / "i.parquet", stdin=text).returncode == 0
    done = flowcheck("inventory", "-", "-", "-o", tmp_path / "i.parquet", stdin=text)
    assert (done.returncode, "only once" in done.stderr) == (2, True)


@pytest.mark.parametrize("words", [["--at", "noon"], ["-o"], []])
def test_2_usage(history: Path, words: list[str]) -> None:
    assert flowcheck("inventory", history, *words).returncode == 2


def test_2_a_bad_policy_and_3_without_it(history: Path, tmp_path: Path) -> None:
    snapshot(history, "10:05", policy(port=0))
    target = tmp_path / "i.parquet"
    target.write_text("what was there before")
    done = flowcheck("inventory", history, "-o", target)
    assert done.returncode == 2
    assert "must be from 1 to 65535" in done.stderr
    assert target.read_text() == "what was there before"
    done = flowcheck("inventory", history, "-o", target, "--keep-going")
    assert done.returncode == 3
    assert "took no part: 1, of which 1 was refused" in done.stderr
    assert pq.read_table(target).num_rows == 4


def test_2_nothing_to_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert flowcheck("inventory", tmp_path / "in", "-o", tmp_path / "i.parquet").returncode == 2


def test_4_where_it_cannot_be_written(history: Path, tmp_path: Path) -> None:
    done = flowcheck("inventory", history, "-o", tmp_path / "nowhere" / "i.parquet")
    assert done.returncode == 4
    assert "create the folder first" in done.stderr


def test_hostile_names_are_escaped(history: Path, tmp_path: Path) -> None:
    hostile = {"apiVersion": "v1", "kind": "Pod\x1b]0;owned\x07", "metadata": {"name": "p"}}
    (history / "more.json").write_text(json.dumps(hostile))
    done = flowcheck("inventory", history, "-o", tmp_path / "i.parquet", "-v")
    assert done.returncode == 0
    assert "\x1b" not in done.stderr
    assert "owned" in done.stderr


def test_audit_takes_the_time_of_its_cluster_too(history: Path) -> None:
    done = flowcheck("audit", history / "none", "--cluster", history, "--at", "noon")
    assert (done.returncode, "is not a time" in done.stderr) == (2, True)
