"""The files of the output folder.

All are written beside their places first and take them together at the end, so that a full disk leaves the
previous results as they were.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from flowcheck.balance.tell.tables import load_table, services_table
from flowcheck.results.audit import AuditResult
from flowcheck.results.records import SCHEMA
from flowcheck.results.violations import fit, merge_schema
from flowcheck.runners.merged import Merged
from flowcheck.runners.workspace import Workspace
from flowcheck.version import __version__
from flowcheck.writing import json_text, output_errors, refuse_unwritable, sync_folder

ROW_GROUP, MOST_IN_ROW_GROUP = 1 << 16, 1 << 20
"""Rows of violations.parquet that are gathered before they are written."""


def write_all(out: Path, workspace: Workspace, merged: Merged, result: AuditResult) -> None:
    """Every file of the output folder. **Raises**: OutputError."""
    writers: dict[str, Callable[[Path], None]] = {
        "violations.parquet": lambda path: _write_violations(workspace, merged, path),
        "edges.parquet": lambda path: pq.write_table(result.edges, path, compression="zstd"),
        "policy_hits.parquet": lambda path: pq.write_table(result.policy_hits, path, compression="zstd"),
        "services.parquet": lambda path: pq.write_table(
            services_table(result.load.services), path, compression="zstd"
        ),
        "load.parquet": lambda path: pq.write_table(
            load_table(result.load.services), path, compression="zstd"
        ),
        "findings.json": lambda path: _write_json(
            path, {"schema": SCHEMA, "version": __version__, "findings": result.findings}
        ),
        "ledger.json": lambda path: _write_json(path, result.ledger),
        "summary.json": lambda path: _write_json(path, result.summary),
    }
    staged: dict[Path, Path] = {}
    for name, write in writers.items():
        target, temporary = out / name, workspace.folder / f"{name}.new"
        with output_errors(target):
            refuse_unwritable(target)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            try:
                write(temporary)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        staged[temporary] = target
    for temporary, target in staged.items():
        with output_errors(target):
            os.replace(temporary, target)
    with output_errors(out):
        sync_folder(out)


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json_text(msgspec.to_builtins(value), indent=1) + "\n", encoding="ascii")


def _write_violations(workspace: Workspace, merged: Merged, path: Path) -> None:
    """All parts in the order of the input, gathered into row groups of some size."""
    names = [name for number in sorted(merged.violations) for name in merged.violations[number]]
    parts = [part for part in (workspace.violations(name) for name in names) if part.exists()]
    schema = merge_schema(_schema_of(part) for part in parts)
    with pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True) as writer:
        waiting: list[pa.RecordBatch] = []
        for batch in (fit(batch, schema) for part in parts for batch in _batches(part)):
            waiting.append(batch)
            if sum(each.num_rows for each in waiting) >= ROW_GROUP:
                writer.write_table(pa.Table.from_batches(waiting), row_group_size=MOST_IN_ROW_GROUP)
                waiting = []
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting), row_group_size=MOST_IN_ROW_GROUP)


def _batches(part: Path) -> Iterator[pa.RecordBatch]:
    with pa.ipc.open_stream(part) as stream:
        yield from stream


def _schema_of(part: Path) -> pa.Schema:
    with pa.ipc.open_stream(part) as stream:
        return stream.schema
