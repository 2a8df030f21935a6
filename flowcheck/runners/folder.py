"""The files of the output folder.

All are written beside their places first and take them together at the end, so that a full disk leaves the
previous results as they were. The manifest takes its place last: results that were not all placed are not
those that it lists.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from flowcheck.balance.tell.tables import load_table, services_table
from flowcheck.errors import OutputError
from flowcheck.flows.files.finding import MANIFEST
from flowcheck.results.audit import AuditResult, EdgesInWords
from flowcheck.results.records import SCHEMA
from flowcheck.results.records.manifest import Manifest, Written
from flowcheck.results.records.tables import EDGES_SCHEMA
from flowcheck.results.violations import fit, merge_schema
from flowcheck.runners.merged import Merged
from flowcheck.runners.workspace import Workspace
from flowcheck.version import __version__
from flowcheck.writing import atomic_write, json_text, output_errors, refuse_unwritable, sync_folder, to_disk

ROW_GROUP, MOST_IN_ROW_GROUP = 1 << 16, 1 << 20
"""Rows of violations.parquet that are gathered before they are written."""


_NO_LINKS = (
    errno.EPERM,
    errno.EACCES,
    errno.EXDEV,
    errno.EMLINK,
    errno.EOPNOTSUPP,
    errno.ENOSYS,
)
"""The file, or the file system, may have no second name."""


class Staged(NamedTuple):
    """A file beside its place, and what is to be said of it."""

    temporary: Path
    written: Written


class ResultFolder:
    """Use as a context manager. Files are written by two threads, as Arrow encodes tables beside Python."""

    def __init__(self, out: Path, workspace: Workspace) -> None:
        self._out = out
        self._folder = workspace.folder
        self._threads = ThreadPoolExecutor(2)
        self._staged: dict[Path, Future[Staged]] = {}
        self.given_up = Event()
        """What is long to write looks at it now and then."""

    def __enter__(self) -> ResultFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self.given_up.set()
        self._threads.shutdown(cancel_futures=True)
        self._staged.clear()  # an error, which knows this, would keep itself and its open file

    def stage(self, name: str, write: Callable[[Path], None]) -> None:
        """Begin to write a file beside its place."""
        target = self._out / name
        self._staged[target] = self._threads.submit(_stage, target, self._folder / f"{name}.new", write)

    def place(self) -> None:
        """Wait for all, list them, and put them in their places. **Raises**: OutputError for the first that
        failed."""
        self.stage(MANIFEST, partial(write_json, self._manifest()))
        staged = {target: self._staged[target].result() for target in self._staged}
        with _put_back(staged, self._folder):
            for target, (temporary, _) in staged.items():
                with output_errors(target):
                    _move(temporary, target)
            with output_errors(self._out):
                sync_folder(self._out)

    def _manifest(self) -> Manifest:
        """Of the files that were staged so far, by their names."""
        written = [staged.result().written for staged in self._staged.values()]
        files = tuple(sorted(written, key=lambda one: one.file))
        return Manifest(schema=SCHEMA, version=__version__, files=files)


@contextmanager
def _put_back(targets: Iterable[Path], folder: Path) -> Iterator[None]:
    """Where an error comes before all have their places, what stood there stands there again: each has a
    second name in ``folder`` meanwhile. Where a file system gives none, the manifest alone tells.

    **Raises**: OutputError where there is no room for these names; then nothing has been moved."""
    kept = {target: folder / f"{target.name}.old" for target in targets}
    new = {target for target in targets if not os.path.lexists(target)}
    for target, old in kept.items():
        with output_errors(target):
            old.unlink(missing_ok=True)
            if target not in new:
                _name_again(target, old)
    try:
        yield
    except OutputError:
        for target, old in kept.items():
            with suppress(OSError):
                if target in new:
                    target.unlink()
                else:
                    os.replace(old, target)
        raise


def _name_again(target: Path, name: Path) -> None:
    """Make ``name`` name the same file, where that can be."""
    try:
        os.link(target, name, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise


def _move(temporary: Path, target: Path) -> None:
    """Put a file in its place. Where others may write to the output folder, it comes from where temporary
    files are, which may be another file system."""
    try:
        os.replace(temporary, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with open(temporary, "rb") as content:
            atomic_write(target, partial(shutil.copyfileobj, content))


def _stage(target: Path, temporary: Path, write: Callable[[Path], None]) -> Staged:
    with output_errors(target):
        refuse_unwritable(target)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        try:
            write(temporary)
            to_disk(descriptor)
            with open(temporary, "rb") as stream:
                sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            written = Written(file=target.name, bytes=os.fstat(descriptor).st_size, sha256=sha256)
        finally:
            os.close(descriptor)
    return Staged(temporary, written)


def stage_violations(folder: ResultFolder, workspace: Workspace, merged: Merged) -> None:
    """The longest to write, which waits for no other result."""
    folder.stage("violations.parquet", partial(_write_violations, workspace, merged, folder.given_up))


def stage_result(folder: ResultFolder, result: AuditResult) -> None:
    """Every other file of the output folder."""
    services = result.load.services
    folder.stage("edges.parquet", partial(_write_edges, result.edge_rows))
    folder.stage("policy_hits.parquet", partial(_write_table, lambda: result.policy_hits))
    folder.stage("services.parquet", partial(_write_table, lambda: services_table(services)))
    folder.stage("load.parquet", partial(_write_table, lambda: load_table(services)))
    findings = {"schema": SCHEMA, "version": __version__, "findings": result.findings}
    folder.stage("findings.json", partial(write_json, findings))
    folder.stage("ledger.json", partial(write_json, result.ledger))
    folder.stage("summary.json", partial(write_json, result.summary))


def _write_table(make: Callable[[], pa.Table], path: Path) -> None:
    pq.write_table(make(), path, compression="zstd")


def _write_edges(rows: EdgesInWords, path: Path) -> None:
    with pq.ParquetWriter(path, EDGES_SCHEMA, compression="zstd") as writer:
        for batch in rows.batches():
            writer.write_batch(batch)


def write_json(value: Any, path: Path) -> None:
    """Any record as text."""
    path.write_text(json_text(msgspec.to_builtins(value), indent=1) + "\n", encoding="ascii")


def _write_violations(workspace: Workspace, merged: Merged, given_up: Event, path: Path) -> None:
    """All parts in the order of the input, gathered into row groups of some size."""
    names = [name for number in sorted(merged.violations) for name in merged.violations[number]]
    parts = [part for part in (workspace.violations(name) for name in names) if part.exists()]
    schema = merge_schema(_schema_of(part) for part in parts)
    with pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True) as writer:
        waiting: list[pa.RecordBatch] = []
        for batch in (fit(batch, schema) for part in parts for batch in _batches(part)):
            if given_up.is_set():
                return
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
