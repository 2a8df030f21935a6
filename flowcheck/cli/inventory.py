"""flowcheck inventory: read the history of a cluster and write it as one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowcheck.cli.exits import Exit
from flowcheck.cli.words.clusters import SNAPSHOT_TIME
from flowcheck.cli.words.options import CONTEXT, SPEECH, messages, options
from flowcheck.cli.words.stores import STORES
from flowcheck.cli.words.values import InputPath
from flowcheck.counted import agreeing, counted

if TYPE_CHECKING:
    from flowcheck.history.inventory.recording import Recording
    from flowcheck.history.inventory.rows import Row


@click.command("inventory", context_settings=CONTEXT)
@click.argument("paths", nargs=-1, required=True, type=InputPath())
@options(STORES)
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The Parquet file to write; --cluster reads it.",
)
@options(SNAPSHOT_TIME)
@click.option("--keep-going", is_flag=True, help="Leave out the bad documents, and end with 3.")
@options(SPEECH)
@click.pass_context
def command(context: click.Context, /, **given: Any) -> int:
    """Write who had which address, labels and policies when, as snapshots, watch streams and audit logs tell.

    \b
    flowcheck inventory snapshots/ watch.jsonl audit.log -o inventory.parquet
    flowcheck audit flows/ --cluster inventory.parquet

    PATHS are files or folders; - is standard input. What names tell no time holds for all times.
    """
    if given["paths"].count("-") > 1:
        raise click.UsageError("standard input can be read only once")
    from flowcheck.history.inventory import write_rows
    from flowcheck.history.inventory.recording import rows_of
    from flowcheck.reading import load_recording
    from flowcheck.writing import atomic_write

    recording = load_recording(given["paths"], keep_going=given["keep_going"], at=given["at"])
    rows = list(rows_of(recording))
    atomic_write(given["out"], partial(write_rows, rows))
    speech = messages(context)
    speech.warnings(recording.cluster.warnings)
    for sentence in _summary(recording, rows):
        speech.say(sentence)
    cluster = recording.cluster
    speech.warnings([f"left out: {one}" for one in cluster.refused])
    for one in cluster.skipped:
        speech.note(str(one))
    return Exit.INCOMPLETE if cluster.refused else Exit.CLEAN


def _summary(recording: Recording, rows: list[Row]) -> Iterator[str]:
    """What was found: objects and their versions, the time they span, what took no part."""
    from flowcheck.history.inventory.recording import span
    from flowcheck.history.inventory.rows import ROW_KINDS
    from flowcheck.model.instants import instant_text

    versions = Counter(row.kind for row in rows)
    objects = Counter(kind for kind, _, _ in {(row.kind, row.namespace, row.name) for row in rows})
    for kind in ROW_KINDS:
        if versions[kind]:
            yield f"{kind}: {counted(objects[kind], 'object')}, {counted(versions[kind], 'version')}"
    found = span(recording)
    if found is not None:
        yield f"from {instant_text(found[0])} to {instant_text(found[1])}"
    else:
        yield "no input tells a time: everything holds for all times"
    skipped = recording.cluster.skipped
    if skipped:
        refused = len(recording.cluster.refused)
        verb = agreeing(refused, "was", "were")
        yield f"took no part: {len(skipped):,}, of which {refused:,} {verb} refused (-v lists them)"
