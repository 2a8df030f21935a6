"""Simulate a day of a cluster whose addresses change hands, and write what its operators would have of it.

    python -m benchmarks.churn.simulate tiny|day|large DIR [--seed S]

DIR gets ``watch.jsonl`` (every event of a watch, with its ``time``), ``watch-lossy.jsonl`` (the same, but
one event in fifty is lost), ``snapshots/`` (``kubectl get`` of everything, every five minutes),
``single/cluster.json`` (the last of them under a name without a time), ``flows/``, and, for checking only,
``truth.parquet``: a row for each row of the flows, in the order of the files.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import click
import numpy as np

from benchmarks.churn import records
from benchmarks.churn.api import Event, replay
from benchmarks.churn.day import Day, handovers, live
from benchmarks.churn.world import SECOND, SIZES, SNAPSHOT_EVERY, START, ChurnSize, build, rfc3339
from benchmarks.inputs.sizes import GENERATED

SEED = 1
LOST = 0.02
SOON = 30 * SECOND


def generate(size: ChurnSize, directory: Path, seed: int = SEED) -> Day:
    """Write the day of this size and seed into ``directory``; the same seed gives the same files."""
    day = live(build(size, seed))
    directory.mkdir(parents=True, exist_ok=True)
    write_watch(directory / "watch.jsonl", day.events)
    write_watch(directory / "watch-lossy.jsonl", lossy(day))
    _write_snapshots(day, directory)
    records.write(day, directory)
    facts = {
        "size": size.name,
        "seed": seed,
        "pods": len(day.pods),
        "events": len(day.events),
        "rows": size.n_rows,
        "soon": sum(free < SOON for free in handovers(day)),
    }
    (directory / "churn.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")
    return day


def ready(size: ChurnSize, seed: int = SEED) -> Path:
    """The folder of such a day under data/generated/, made if it is not there yet."""
    directory = GENERATED / f"churn-{size.name}-{seed}"
    GENERATED.mkdir(parents=True, exist_ok=True)
    (GENERATED / ".gitignore").write_text("*\n", encoding="utf-8")
    if not (directory / "churn.json").exists():
        shutil.rmtree(directory, ignore_errors=True)
        generate(size, directory, seed)
    return directory


def lossy(day: Day) -> Iterable[Event]:
    """The events, without some that came after the first list; the same ones for the same seed."""
    kept = np.random.Generator(np.random.PCG64([day.world.seed, 4])).random(len(day.events)) >= LOST
    return (event for event, keep in zip(day.events, kept, strict=True) if keep or event.time == START)


def write_watch(path: Path, events: Iterable[Event]) -> None:
    """One event a line, as ``kubectl get --watch --output-watch-events -o json`` has them, and a ``time``."""
    with path.open("w", encoding="utf-8") as file:
        for event in events:
            time = rfc3339(event.time, "microseconds")
            file.write(f'{{"type":"{event.type}","object":{event.text},"time":"{time}"}}\n')


def _write_snapshots(day: Day, directory: Path) -> None:
    """A List every five minutes; the last one stands under ``single/`` too."""
    for folder in ("snapshots", "single"):
        (directory / folder).mkdir(exist_ok=True)
    path = directory
    for time, texts in replay(day.events, snapshot_times(day)):
        path = directory / "snapshots" / f"{rfc3339(time).replace(':', '-')}.json"
        items = ",\n".join(texts)
        path.write_text(f'{{"apiVersion":"v1","kind":"List","items":[\n{items}\n]}}\n', encoding="utf-8")
    shutil.copyfile(path, directory / "single" / "cluster.json")


def snapshot_times(day: Day) -> range:
    return range(START + SNAPSHOT_EVERY, day.world.size.end + 1, SNAPSHOT_EVERY)


@click.command()
@click.argument("size", type=click.Choice(list(SIZES)))
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", type=int, default=SEED, show_default=True)
def main(size: str, directory: Path, seed: int) -> None:
    """Write a day of SIZE into DIRECTORY."""
    day = generate(SIZES[size], directory, seed)
    click.echo(f"{len(day.pods):,} pods, {len(day.events):,} events in {directory}", err=True)


if __name__ == "__main__":
    main()
