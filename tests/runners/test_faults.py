"""Workers that stop, hang, die, lie or have too little memory: one file is tried again, and costs no other.

The faults are those of ``flowcheck/runners/trouble/faults.py``, in workers that are started as ever.
"""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from subprocess import CompletedProcess

import pyarrow.parquet as pq
import pytest

from flowcheck.flows.files.inputs import FileIdentity
from flowcheck.runners.messages import Inspect, Inspected, Setup
from flowcheck.runners.pool import MOST_COUNTED, Pool
from flowcheck.runners.trouble.faults import VARIABLE, asked_fault
from tests.cli.run import flowcheck
from tests.runners.disturbed import command
from tests.runners.worlds import ledger, outputs

PATIENCE = "5s"


def audit(world: Path, out: Path, fault: str, *more: str) -> CompletedProcess[str]:
    words = command(world, out, "--give-up-after", PATIENCE, *more)[3:]
    return flowcheck(*words, env={VARIABLE: fault})


@pytest.mark.parametrize(
    "fault",
    [
        *("stop,once", "sleep,once,judging", "die,once,judging"),
        *("babble,once", "lie,once,judging", "memory,once", "rave,once"),
    ],
)
def test_what_goes_wrong_once_costs_nothing(world: Path, tmp_path: Path, fault: str) -> None:
    done = audit(world, tmp_path / "out", f"{fault}:3.parquet")
    assert done.returncode == 1, done.stderr
    assert outputs(tmp_path / "out") == outputs(world / "expected")


@pytest.mark.parametrize(
    ("fault", "reason", "detail"),
    [
        ("sleep", "no_progress", "the process that read it made no progress for 5 s, and so did a second"),
        ("stop,judging", "no_progress", "made no progress for 5 s"),
        ("die", "reader_died", "the process that read it died (SIGKILL), and so did a second"),
        ("lie", "reader_died", "answered nonsense"),
        ("babble,judging", "reader_died", "answered nonsense"),
        ("rave,judging", "memory", ""),
        ("memory,judging", "memory", "needs more than 4 GiB to decode, also in batches of 8,192 rows"),
        ("bug", "internal_error", "RuntimeError at faults.py:"),
        ("bug,judging", "internal_error", "RuntimeError at faults.py:"),
    ],
)
def test_what_goes_wrong_again_fails_its_file_and_no_other(
    world: Path, tmp_path: Path, fault: str, reason: str, detail: str
) -> None:
    done = audit(world, tmp_path / "out", f"{fault}:3.parquet")
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    entries = ledger(tmp_path / "out")
    failed = entries.pop("3.parquet")
    assert (failed["status"], failed["reason"]) == ("failed", reason)
    assert detail in failed["detail"]
    assert (failed["sha256"] is None) == (reason == "no_progress")
    expected = ledger(world / "expected")
    assert entries == {name: entry for name, entry in expected.items() if name != "3.parquet"}
    kept = [row for row in violations(world / "expected") if row[0] != "3.parquet"]
    assert violations(tmp_path / "out") == kept


@pytest.mark.parametrize(
    ("fault", "said"), [("grow", "changed since the audit began"), ("grow,judging", "changed while")]
)
def test_a_file_that_grows_while_it_is_read_has_failed(
    world: Path, tmp_path: Path, fault: str, said: str
) -> None:
    """None of its rows counts, also those that were read before."""
    copy = tmp_path / "world"
    shutil.copytree(world, copy)
    done = audit(copy, tmp_path / "out", f"{fault}:3.parquet")
    assert done.returncode == 3, done.stderr
    entries = ledger(tmp_path / "out")
    failed = entries.pop("3.parquet")
    assert (failed["status"], failed["reason"]) == ("failed", "unreadable")
    assert said in failed["detail"]
    assert {entry["status"] for entry in entries.values()} == {"judged"}
    assert {file for file, _ in violations(tmp_path / "out")} == {*entries}


def violations(out: Path) -> list[tuple[str, int]]:
    """File and row of each."""
    table = pq.read_table(out / "violations.parquet", columns=["source_file", "row"])
    files = (Path(file).name for file in table["source_file"].to_pylist())
    return [*zip(files, table["row"].to_pylist(), strict=True)]


def test_many_batches_that_are_too_large_are_all_judged_in_smaller_ones(world: Path, tmp_path: Path) -> None:
    done = audit(world, tmp_path / "out", "memory,once,judging:parquet", "--keep-columns")
    assert done.returncode == 1, done.stderr
    assert outputs(tmp_path / "out") == outputs(world / "expected")


def test_a_full_disk_is_4_and_the_run_can_go_on(world: Path, tmp_path: Path) -> None:
    done = audit(world, tmp_path / "out", "full,judging:3.parquet")
    assert done.returncode == 4
    assert "No space left on device" in done.stderr
    done = flowcheck(*command(world, tmp_path / "out", "--resume")[3:])
    assert done.returncode == 1, done.stderr
    assert outputs(tmp_path / "out") == outputs(world / "expected")


def test_temporary_files_that_have_no_room_say_where_more_may_be(world: Path, tmp_path: Path) -> None:
    words = ("audit", world / "flows", "--cluster", world / "cluster")
    done = flowcheck(*words, env={VARIABLE: "full:3.parquet"})
    assert done.returncode == 4
    assert "set TMPDIR to a folder with room" in done.stderr


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("sleep", "made no progress for 5 s, and so did a second"),
        ("die", "died (SIGKILL), and so did a second"),
        ("lie", "answered nonsense, and so did a second"),
        ("memory", "needs more than 4 GiB to decode"),
    ],
)
def test_convert_gives_up_on_one_log_only(tmp_path: Path, fault: str, said: str) -> None:
    lines = [json.dumps(RECORD)] * 3
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
    logs, out = tmp_path / "*.jsonl", tmp_path / "out.parquet"
    words = ("convert", logs, "-o", out, "--from", "netobserv", "--give-up-after", PATIENCE)
    done = flowcheck(*words, env={VARIABLE: f"{fault},once:b.jsonl"})
    assert done.returncode == 0, done.stderr
    both = pq.read_table(out)
    done = flowcheck(*words, env={VARIABLE: f"{fault}:b.jsonl"})
    assert done.returncode == 3, done.stderr
    assert said in done.stderr
    files = pq.read_table(out)["source_file"].to_pylist()
    assert files == [file for file in both["source_file"].to_pylist() if file.endswith("a.jsonl")]
    assert not list(tmp_path.glob(".flowcheck-*"))


RECORD = {
    **{"SrcAddr": "10.0.0.1", "SrcPort": 4000, "DstAddr": "10.0.0.2", "DstPort": 5432, "Proto": 6},
    **{"Flags": 2, "Bytes": 60, "Packets": 1, "TimeFlowStartMs": 1_790_000_000_000},
    **{"TimeFlowEndMs": 1_790_000_000_500, "FlowDirection": 0, "AgentIP": "192.168.0.1"},
}


@pytest.mark.parametrize("text", ["slep:x", "sleep", "sleep:", "sleep,twice:x", "full-at:x", "full-at,one:x"])
def test_a_fault_that_there_is_not_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(ValueError, match="write one of"):
        asked_fault()


def test_what_was_not_listened_to_counts_as_no_silence(world: Path, tmp_path: Path) -> None:
    """A run that was stopped itself, or busy, for longer than its patience kills nobody for it."""
    with Pool(1) as pool:
        pool.prepare(Setup(False, str(tmp_path), None, None, (), False, patience=MOST_COUNTED + 1))
        (worker,) = pool.idle()
        path = world / "flows" / "3.parquet"
        pool.give(worker, Inspect(0, bytes(path), FileIdentity.of(path.stat()), ()))
        time.sleep(MOST_COUNTED + 2)
        came = pool.answers(0)
        while not came:
            came = pool.answers(0.2)
        assert isinstance(came[0][1], Inspected)
