"""``data/history/`` is what the script writes, and its README section says what each snapshot alone gives."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

import flowcheck
from benchmarks import history_example
from benchmarks.history_example import DATA, EVENING, MIDDAY, MORNING, SHARED, TALKS
from flowcheck.model.cluster import Cluster
from flowcheck.model.timeline import END

HISTORY = DATA / "history"
FLOWS = HISTORY / "flows.parquet"
NOON = 13 * 3600


def timeless(name: str) -> Cluster:
    """One snapshot, as if everything in it had always been there."""
    return flowcheck.load_cluster([HISTORY / "cluster" / f"{name}.yaml"]).at(END - 1)


def verdicts(cluster: Cluster) -> list[str]:
    table = flowcheck.evaluate(flowcheck.compile_program(cluster), pq.read_table(FLOWS))
    return [str(verdict) for verdict in table["verdict"].to_pylist()]


def test_committed_is_what_the_script_writes(tmp_path: Path) -> None:
    history_example.write(tmp_path)
    for name in (MORNING, MIDDAY, EVENING):
        path = f"cluster/{name}.yaml"
        assert (HISTORY / path).read_text() == (tmp_path / path).read_text()
    assert pq.read_table(FLOWS).equals(pq.read_table(tmp_path / "flows.parquet"))
    assert (DATA / "README.md").read_text() == history_example.text()
    assert FLOWS.stat().st_size < 20_000


def test_one_address_has_two_owners() -> None:
    owners = [
        {pod.name for pod in timeless(name).pods if pod.addresses == (SHARED,)} for name in (MORNING, EVENING)
    ]
    assert len(owners[0] | owners[1]) == len(owners[0]) + len(owners[1]) == 2


def test_in_time_the_verdicts_are_those_of_the_plan() -> None:
    """By the morning's snapshot before one o'clock, by the evening's after it."""
    times = pq.read_table(FLOWS)["start_time"]
    seconds = pc.add(pc.multiply(pc.hour(times), 3600), pc.multiply(pc.minute(times), 60)).to_pylist()
    by_morning, by_evening = verdicts(timeless(MORNING)), verdicts(timeless(EVENING))
    found = Counter(m if s < NOON else e for m, e, s in zip(by_morning, by_evening, seconds, strict=True))
    planned = Counter[str]()
    for talk in TALKS:
        planned[talk.verdict] += talk.rows
    assert found == planned
    assert Counter(verdicts(flowcheck.load_cluster([HISTORY / "cluster"]))) == planned


def test_each_snapshot_alone_gives_what_the_readme_says() -> None:
    text = (DATA / "README.md").read_text()
    for name, clock in ((MORNING, "08:00"), (EVENING, "20:00")):
        reported = verdicts(timeless(name)).count("deny")
        assert f"| the snapshot of {clock} alone, for all times | {reported} |" in text


def test_a_snapshot_without_its_time_gives_what_the_readmes_say(tmp_path: Path) -> None:
    """Its pods tell when they started, so an earlier flow is not the later pod's."""
    found = []
    for name in (MORNING, EVENING):
        shutil.copy(HISTORY / "cluster" / f"{name}.yaml", tmp_path / "cluster.yaml")
        program = flowcheck.compile_program(flowcheck.load_cluster(tmp_path))
        table = flowcheck.evaluate(program, pq.read_table(FLOWS))
        found.append(Counter(table["reason"].to_pylist()) | Counter(table["verdict"].to_pylist()))
    (by_morning, by_evening), (_, report, web, denied) = found, [talk.rows for talk in TALKS]
    assert (by_morning["deny"], by_morning["unknown"]) == (web, 0)
    assert (by_evening["deny"], by_evening["unknown"]) == (denied, report)
    assert by_evening["unresolved_src"] == report
    readme = (DATA.parent / "README.md").read_text()
    assert f"{denied} violations and {report} rows `unresolved_src`" in readme
