"""Which rows findings are told by, and what they say: read from the parts once they are chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa

from flowcheck.arrays import Int64
from flowcheck.flows.canonical.schema import MESH_ASKS
from flowcheck.flows.canonical.waypoints import WAYPOINT_COLUMNS, of_waypoints
from flowcheck.model.instants import instant_text
from flowcheck.results.finding.examples import AT, BATCH, FILE, PART
from flowcheck.results.records.findings import Example
from flowcheck.results.records.tables import VIOLATIONS_SCHEMA
from flowcheck.results.violations import fit
from flowcheck.runners.merged import Merged
from flowcheck.runners.workspace import Workspace

SHOWN = ["row", "src", "dst", "src_ip", "dst_ip", "src_port", *MESH_ASKS]
TOLD = [*SHOWN, "start_time", "service_port", *WAYPOINT_COLUMNS]


def read_examples(workspace: Workspace, merged: Merged, chosen: Int64) -> list[Example]:
    """What stands in rows (n, 8), as :class:`~flowcheck.results.finding.examples.Examples` has them."""
    found: dict[int, Example] = {}
    order = np.lexsort(chosen[:, [AT, BATCH, PART, FILE]].T).tolist()
    for (file, part), own in groupby(order, key=lambda n: (int(chosen[n, FILE]), int(chosen[n, PART]))):
        numbers = list(own)
        name = merged.violations[file][part]
        wanted = [(int(chosen[n, BATCH]), int(chosen[n, AT])) for n in numbers]
        told = _of_part(workspace.violations(name), merged.examples.files[file], wanted)
        found |= zip(numbers, told, strict=True)
    return [found[n] for n in range(len(chosen))]


def _of_part(path: Path, file: str, wanted: Sequence[tuple[int, int]]) -> Iterator[Example]:
    """wanted: batches and the rows in them, ascending. Batches that hold none are not taken apart."""
    with pa.OSFile(str(path)) as stream:
        messages = pa.ipc.MessageReader.open_stream(stream)
        schema = pa.ipc.read_schema(messages.read_next_message())
        names, passed = [name for name in TOLD if name in schema.names], 0
        for batch, rows in groupby(wanted, key=lambda one: one[0]):
            while passed <= batch:
                message = messages.read_next_message()
                passed += 1
            violations = pa.ipc.read_record_batch(message, schema).select(names)
            yield from _told(violations.take(pa.array([at for _, at in rows], pa.int64())), file)


def _told(rows: pa.RecordBatch, file: str) -> Iterator[Example]:
    chosen = fit(rows, pa.schema([VIOLATIONS_SCHEMA.field(name) for name in TOLD]))
    times, dialled = chosen.column("start_time").cast(pa.int64()).to_pylist(), chosen.column("service_port")
    by_waypoint = of_waypoints(chosen).tolist()
    for place, shown in enumerate(chosen.select(SHOWN).to_pylist()):
        waypoint = {"by_waypoint": True, "service_port": dialled[place].as_py()} if by_waypoint[place] else {}
        yield Example(file=file, **shown, **waypoint, start_time=instant_text(times[place]))
