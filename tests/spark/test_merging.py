"""Sums on their way to the driver, without Spark: what is in their way goes on, nothing counts twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flowcheck.balance.count.tally import Tally
from flowcheck.errors import RunError
from flowcheck.flows.files.inputs import InputFile, list_inputs
from flowcheck.results.census import Census
from flowcheck.results.finding.times import ViolationTimes
from flowcheck.results.recorded import RecordedCounts
from flowcheck.runners.judges.interface import Work
from flowcheck.runners.merged import Merged
from flowcheck.runners.messages import Failed, Inspect, Inspected, Judge, JudgedTask, Part, Setup
from flowcheck.runners.plan import Plan
from flowcheck.runners.spark.bringing import batches, check_violations
from flowcheck.runners.spark.driver import _settle
from flowcheck.runners.spark.executor import _as_known_here
from flowcheck.runners.spark.merging import _of_added, _of_outcomes
from flowcheck.runners.spark.sent import Added, Outcome, Told, packed, unpacked
from flowcheck.runners.workspace import Workspace
from tests.runners.worlds import write


def order(file: int = 0, task: int = 0, rows: int = 4) -> Judge:
    return Judge(file, task, b"f", "f", InputFile("f", (0, 0, 0, 0)).identity, (), 0, rows)  # type: ignore[arg-type]


def part(**more: int) -> Part:
    counts = {"rows": 4, "judged": 4, "unknown": 0, "filtered": 0, "violations": 0, "violations_bytes": 0}
    rest = {"census": Census(), "load": None, "recorded": RecordedCounts(), "times": ViolationTimes()}
    return Part(rejected=(), sums=(), **counts | more, **rest)  # type: ignore[arg-type]


def test_parts_are_packed() -> None:
    content = bytes(100_000) + os.urandom(100)
    assert unpacked(packed(content)) == content
    assert len(packed(content)) < 2_000
    assert unpacked(packed(b"")) == b""


def test_a_failed_file_and_an_error_go_on_to_the_driver() -> None:
    failed = Failed(1, "unreadable", "it is damaged")
    outcomes = [Outcome(order(1), failed), Outcome(order(2), JudgedTask(2, 0, "x"), b"never read")]
    (leaf,) = _of_outcomes(1024, frozenset(), 5, outcomes)
    assert (leaf.failed, leaf.sums, list(leaf.parts)) == ([failed], None, [])
    (rest,) = _of_outcomes(1024, frozenset({1, 2}), 5, outcomes)
    assert (rest.failed, rest.told, rest.error) == ([], [], None)
    error = RunError("too much", hint="look at less")
    (node,) = _of_added(1024, [leaf, Added(error=error), Added()])
    assert (list(node.failed), node.error, node.sums) == ([failed], error, None)


def test_where_violations_are_goes_on_and_they_come_in_batches() -> None:
    outcomes = [Outcome(order(), JudgedTask(0, 0, "x"), b"part", b"12345")]
    (leaf,) = _of_outcomes(1024, frozenset(), 7, outcomes)
    assert (leaf.violations, [found.part for found in leaf.parts]) == ({7: 5}, [b"part"])
    assert [*batches({3: 40 << 20, 1: 20 << 20, 2: 5 << 20, 9: 70 << 20})] == [[1, 2], [3], [9]]


def work_on(file: Path, workspace: Workspace) -> Work:
    plan = Plan(list_inputs([file]), workspace.folder)
    plan.start(set())
    plan.split(Inspected(0, (4,), ()))
    return Work(plan, Setup(False, "", None, None, (), False), Merged(Tally()), workspace, (), lambda _: None)


def test_a_task_that_is_counted_twice_or_never_is_no_result(tmp_path: Path) -> None:
    told = Told(order(), part(), ())
    with Workspace(None) as workspace:
        file = write(tmp_path / "f.parquet")
        work = work_on(file, workspace)
        work.plan.files[0].sha256 = "hash"
        _settle(work, [told])
        assert work.merged.entries[0].rows_judged == 4
        assert work.merged.entries[0].sha256 == "hash"
        for wrong in ([], [told, told], [told, Told(order(1), part(), ())]):
            with pytest.raises(AssertionError):
                _settle(work_on(file, workspace), wrong)


def test_violations_that_have_not_come_end_the_run(tmp_path: Path) -> None:
    with Workspace(None) as workspace:
        check_violations(workspace, Told(order(), part(), ()))
        told = Told(order(), part(violations_bytes=3), ())
        for content in (None, b"12", b"1234"):
            if content is not None:
                workspace.violations(order().part).write_bytes(content)
            with pytest.raises(RunError, match="has changed since"):
                check_violations(workspace, told)
        workspace.violations(order().part).write_bytes(b"123")
        check_violations(workspace, told)


def test_a_shared_file_is_known_by_its_size_and_time(tmp_path: Path) -> None:
    """On another machine its device and its number are others."""
    file = write(tmp_path / "f.parquet")
    (listed,) = list_inputs([file])
    elsewhere = listed.identity._replace(device=-1, inode=-1)
    inspect = Inspect(0, os.fsencode(file), elsewhere, ())
    assert _as_known_here(inspect).identity == listed.identity
    for changed in (elsewhere._replace(size=1), elsewhere._replace(modified_ns=1)):
        other = Inspect(0, os.fsencode(file), changed, ())
        assert _as_known_here(other) == other
