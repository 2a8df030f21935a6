"""The clock's part of ``speed.py``: every program in turn, round by round; then memory; then the rest."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pyarrow.parquet as pq

from benchmarks.answers import agree, by_flowcheck
from benchmarks.bars import AUDIT, BESIDE, COLD, ONE_WORKER, READ, SEEN, Record
from benchmarks.generate import SEED, ready
from benchmarks.inputs.sizes import SIZES
from benchmarks.measure import measure
from benchmarks.peers import installed
from benchmarks.programs import Checkout, Program

MEMORY_RUNS = 3
"""Of flowcheck; of the others one says enough."""


class Rounds:
    """Of one session: ``worlds`` and their checked ``answers`` by their number of rows; their ready-made
    tables are in ``scratch``."""

    def __init__(
        self,
        ours: Checkout,
        worlds: dict[int, Path],
        answers: dict[int, Record],
        scratch: Path,
        beside: Path | None,
    ) -> None:
        self.worlds, self.answers, self.scratch = worlds, answers, scratch
        self.ours = ours
        self.beside = Checkout(beside.resolve()) if beside else None
        self.one_row = _one_row(next(iter(worlds.values())), scratch / "one_row")

    def all(self, runs: int) -> Record:
        """Everything that goes into the record."""
        if self.beside:
            self.beside.warm()
            self._start(self.beside.with_caches(self.scratch / "caches"))  # so that its bytecode is there too
        seen = self.ours.with_caches(self.scratch / "seen")
        self._start(seen)
        record: Record = {"start": {COLD: [], SEEN: []}, "runs": {}, "memory": {}}
        for i in range(runs):
            click.echo(f"round {i + 1} of {runs}", err=True)
            record["start"][COLD].append(self._start(self._cold(self.ours)))
            record["start"][SEEN].append(self._start(seen))
            for n_flows in self.worlds:
                for name in self._programs(n_flows):
                    timed = self._run(n_flows, name, memory=False)
                    record["runs"].setdefault(str(n_flows), {}).setdefault(name, []).append(timed)
        for n_flows in self.worlds:
            record["memory"][str(n_flows)] = {
                name: [
                    self._run(n_flows, name, memory=True)["peak_bytes"]
                    for _ in range(min(runs, MEMORY_RUNS) if name == AUDIT else 1)
                ]
                for name in self._programs(n_flows)
                if name != ONE_WORKER
            }
        cluster, flows = (next(iter(self.worlds.values())) / part for part in ("cluster", "flows"))
        evaluate = self.ours.module("bench_evaluate", cluster, flows, "--runs", str(runs))
        record["evaluate"] = json.loads(measure(*evaluate, memory=False).output)
        return record

    def _programs(self, n_flows: int) -> dict[str, Callable[[Path], Program]]:
        """What is run in turn; each takes the folder that it may write to."""
        flows, cluster = self.worlds[n_flows] / "flows", self.worlds[n_flows] / "cluster"
        tables = self.scratch / str(n_flows) / "tables"

        def audit(checkout: Checkout, *more: str) -> Callable[[Path], Program]:
            return lambda out: self._cold(checkout).audit(flows, cluster, out / "audit", *more)

        def engine(name: str) -> Callable[[Path], Program]:
            return lambda out: self.ours.peer("work", name, tables, flows, out)

        beside = {BESIDE: audit(self.beside)} if self.beside else {}
        return {
            AUDIT: audit(self.ours),
            ONE_WORKER: audit(self.ours, "--jobs", "1"),
            **beside,
            READ: lambda _: self.ours.peer("read", flows),
            **{name: engine(name) for name in installed()},
        }

    def _run(self, n_flows: int, name: str, *, memory: bool) -> Record:
        """One program, and whether it wrote what it should have."""
        out = self.scratch / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        done = measure(*self._programs(n_flows)[name](out), memory=memory)
        checked = self.answers[n_flows]
        if (out / "audit").exists():
            _no_kernels(self.audited)
            found = by_flowcheck(out / "audit")
            agree(name, found, {each: checked[each] for each in found})
        elif name != READ:
            written = pq.read_metadata(out / "violations.parquet").num_rows
            agree(name, written, checked["violating_rows"])
        click.echo(f"  {n_flows:,} {name}: {done.wall_s:.2f} s, {done.peak_bytes >> 20} MiB", err=True)
        return {"wall_s": done.wall_s, "cpu_s": done.cpu_s, "peak_bytes": done.peak_bytes}

    def _start(self, checkout: Checkout) -> float:
        """Seconds of an audit of one row: all that comes before the first row, and after the last."""
        out = self.scratch / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        cluster = next(iter(self.worlds.values())) / "cluster"
        seconds = measure(*checkout.audit(self.one_row, cluster, out / "audit"), memory=False).wall_s
        _no_kernels(checkout)
        return seconds

    def _cold(self, checkout: Checkout) -> Checkout:
        self.audited = checkout.with_caches(self.scratch / "caches")
        return self.audited


def _no_kernels(checkout: Checkout) -> None:
    if not checkout.compiled_nothing():
        raise click.ClickException(
            "kernels were compiled within the clock: flowcheck warmup leaves some out, or the code was edited"
        )


def _one_row(world: Path, folder: Path) -> Path:
    """A file like the world's, with its first row only."""
    folder.mkdir()
    first = pq.ParquetFile(min((world / "flows").glob("*.parquet")))
    pq.write_table(first.read_row_group(0).slice(0, 1), folder / "flows.parquet")
    return folder


READ_AND_COMPILE = """
import json, sys
from pathlib import Path
from benchmarks.bench_compile import _once
print(json.dumps(_once(Path(sys.argv[1]))))
"""


def compile_big(ours: Checkout, runs: int) -> Record:
    """Reading and compiling the huge cluster, each time in a process of its own; memory once, apart."""
    size = SIZES["huge"]
    cluster = ready(size, "strings", 1_000, SEED) / "cluster"
    program = Program([sys.executable, "-c", READ_AND_COMPILE, str(cluster)], ours.environment)
    policies = json.loads((cluster / "policies.json").read_text(encoding="utf-8"))["items"]
    rules = sum(len(policy["spec"].get(way, [])) for policy in policies for way in ("ingress", "egress"))
    found = [json.loads(measure(*program, memory=False).output) for _ in range(min(runs, 3))]
    click.echo(f"huge cluster: {found}", err=True)
    return {
        "pods": size.n_pods,
        "policies": len(policies),
        "rules": round(rules / len(policies), 1),
        "runs": found,
        "peak_bytes": measure(*program).peak_bytes,
    }
