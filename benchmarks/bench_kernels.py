"""What judging a row costs, stage by stage: in one process, on one core, in processor time.

python -m benchmarks.bench_kernels [--size medium] [--runs 3]

A stage's time is its own: of what one listed function spends in another listed one, only the other has it. A
function that is gone, or that is no longer called, is an error: then STAGES is to be mended.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import click

import flowcheck
from benchmarks import report
from benchmarks.bars import spread
from benchmarks.generate import SEED, ready
from benchmarks.inputs.sizes import SIZES
from benchmarks.measure import session
from flowcheck.balance.expect.plan import plan_counting
from flowcheck.flows.files.inputs import list_inputs
from flowcheck.flows.formats.parquet import FlowFile
from flowcheck.runners.messages import Judge, Setup
from flowcheck.runners.plan import task_rows
from flowcheck.runners.program.given import give
from flowcheck.runners.tasks.task import TaskRunner

STAGES = (
    ("flowcheck.flows.formats.parquet", "FlowFile.read", "decode"),
    ("flowcheck.judging.batch", "read_numbers", "numbers"),
    ("flowcheck.flows.ends", "Resolver.resolve", "addresses"),
    ("flowcheck.judging.batch", "find_initiators", "who opened it"),
    ("flowcheck.runners.tasks.task", "read_flows", "replies turned round"),
    ("flowcheck.judging.keyed", "KeyedFlows.add", "alike"),
    ("flowcheck.judging.keyed", "judge_flows", "decision"),
    ("flowcheck.results.connections", "ConnectionTable.mark", "first record"),
    ("flowcheck.results.census", "Census.count", "census"),
    ("flowcheck.results.edges", "EdgeTable.count", "edges"),
    ("flowcheck.runners.tasks.work", "named_ports", "load"),
    ("flowcheck.balance.count.tally", "Tally.attribute", "load"),
    ("flowcheck.balance.count.tally", "Tally.count", "load"),
    ("flowcheck.balance.count.tally", "Tally.settle", "load"),
    ("flowcheck.judging.keyed", "KeyedFlows.violating", "violations"),
    ("flowcheck.runners.tasks.task", "joined_violating", "violations"),
    ("flowcheck.runners.tasks.task", "violations_batch", "violations"),
    ("flowcheck.runners.tasks.work", "Work.keep_examples", "violations"),
    ("flowcheck.runners.tasks.part_file", "LazyWriter.write", "violations"),
)
"""(module, attribute, stage). The module is the one whose name the caller looks up. Of kernels only those
that Python calls can stand here: one that another kernel calls is not looked up."""
REST = "the rest"


def find(module: str, attribute: str) -> tuple[Any, str]:
    """Whose attribute it is, and by which name. Raises: ClickException for one that is gone."""
    *path, name = attribute.split(".")
    owner: Any = import_module(module)
    for part in path:
        owner = getattr(owner, part, None)
    if not hasattr(owner, name):
        raise click.ClickException(f"{module}.{attribute} is gone: mend STAGES")
    return owner, name


class Stages:
    """The clock of all stages. ``seconds`` by stage; ``called`` holds what was."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.called: set[str] = set()
        self._inner: list[float] = []

    def wrap(self, module: str, attribute: str, stage: str) -> None:
        """Put a clock around a function, in its place."""
        owner, name = find(module, attribute)
        setattr(owner, name, self._timed(getattr(owner, name), f"{module}.{attribute}", stage))

    def _timed(self, function: Callable[..., Any], name: str, stage: str) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            self.called.add(name)
            self._inner.append(0.0)
            began = time.process_time()
            try:
                return function(*arguments, **named)
            finally:
                whole = time.process_time() - began
                self.seconds[stage] += whole - self._inner.pop()
                if self._inner:
                    self._inner[-1] += whole

        return timed


def judge(runner: TaskRunner, path: Path) -> int:
    """Every task of one file, as a worker does them; the number of rows."""
    (one,) = list_inputs([path])
    place = (os.fsencode(one.path), one.name, one.identity, one.keys)
    first = 0
    with FlowFile(one.path, one.identity, one.keys) as file:
        for task, rows in enumerate(task_rows(file.row_groups)):
            runner.run(Judge(0, task, *place, first, rows), file, lambda _: None)
            first += rows
    return first


@click.command()
@click.option("--size", type=click.Choice(list(SIZES)), default="medium", show_default=True)
@click.option("--runs", type=click.IntRange(min=1), default=3, show_default=True)
def main(size: str, runs: int) -> None:
    """Judge the first file of a world, once without a clock and then so many times with it."""
    world = ready(SIZES[size], "strings", SIZES[size].n_flows)
    path = min((world / "flows").glob("*.parquet"))
    cluster = flowcheck.load_cluster([world / "cluster"])
    program = flowcheck.compile_program(cluster)
    _, plan = plan_counting(program, cluster)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    spent: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="flowcheck-bench-") as folder:
        runner = TaskRunner(give(program, plan), Setup("", folder, None, None, (), False))
        n_rows = judge(runner, path)
        stages = Stages()
        for stage in STAGES:
            stages.wrap(*stage)
        for _ in range(runs):
            stages.seconds.clear()
            began = time.process_time()
            judge(runner, path)
            whole = time.process_time() - began
            for name, seconds in (*stages.seconds.items(), (REST, whole - sum(stages.seconds.values()))):
                spent[name].append(seconds / n_rows * 1e9)
            spent["all"].append(whole / n_rows * 1e9)
    if idle := [f"{module}.{name}" for module, name, _ in STAGES if f"{module}.{name}" not in stages.called]:
        raise click.ClickException(f"no longer called: {', '.join(idle)}; mend STAGES")
    _tell(size, dict(spent))


def _tell(size: str, spent: dict[str, list[float]]) -> None:
    order = [*dict.fromkeys(stage for _, _, stage in STAGES), REST, "all"]
    record = {
        "benchmark": "kernels",
        "size": size,
        "seed": SEED,
        "unit": "ns a row, one core",
        **session(),
        "runs": {name: spent[name] for name in order},
    }
    report.save(record)
    report.write()
    for name in order:
        click.echo(f"{name:22}{spread(spent[name], 1)} ns")


if __name__ == "__main__":
    main()
