"""Which paths lie under those that were named; what is hidden, or gone from its table, is left out."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from typing import NamedTuple

from flowcheck.errors import RunError
from flowcheck.flows.files.hive import Key
from flowcheck.flows.files.partitions import (
    BY_FOLDER,
    BY_NAME,
    Pruned,
    Window,
    file_outside,
    folder_outside,
)
from flowcheck.flows.files.tables import TableFolders

RESULTS_MARK, WORK_FOLDER = ".flowcheck-lock", ".flowcheck-work"
SUMMARY, LEDGER, DIFF, MANIFEST = "summary.json", "ledger.json", "diff.json", "manifest.json"
RESULTS = (
    *("violations.parquet", "edges.parquet", "policy_hits.parquet", "load.parquet", "services.parquet"),
    *("findings.json", LEDGER, SUMMARY),
)
"""Results of an audit. They, that of a comparison and the list of either are no flows: a folder inside the
input that has the mark is passed over, and so are files of these names where the input itself has it."""
NOT_FLOWS = frozenset((RESULTS_MARK, MANIFEST, DIFF, *RESULTS))
HIDDEN = "its name starts with a dot or underscore"


class Met(NamedTuple):
    """A path, whether it was named itself rather than met in a folder, and why it is left out if it is.
    ``failed``: it should have been read. ``keys``: what a table's log tells of it; None: nothing does."""

    path: str
    named: bool
    left_out: str = ""
    failed: bool = False
    keys: tuple[Key, ...] | None = None


def find(paths: Sequence[str], window: Window, pruned: Pruned) -> Iterator[Met]:
    """Every path under the given ones. A path may come twice. What is pruned is counted.

    **Raises**: RunError for one that is not there.
    """
    tables = TableFolders()
    for path in paths:
        matches = [path] if os.path.lexists(path) else glob.glob(path, recursive=True)
        if not matches:
            raise RunError("no such file or folder", where=path, hint="check the path")
        for match in matches:
            if match != path and _hidden_in_glob(path, match):
                yield Met(match, False, HIDDEN)
            elif match != path and _is_outside(match, tables, window, pruned):
                continue
            elif os.path.isdir(match):
                yield from _walk(match, tables, window, pruned)
            else:
                yield _settled(Met(match, True), tables)


def _walk(folder: str, tables: TableFolders, window: Window, pruned: Pruned) -> Iterator[Met]:
    """Files below a folder; links to folders are not followed, so there are no loops."""
    unreadable: list[OSError] = []
    met = set()
    for base, folders, files in _below(folder, unreadable):
        if RESULTS_MARK in files:
            if base != folder:
                folders.clear()
                continue
            files = [name for name in files if name not in NOT_FLOWS]
        yield from (
            Met(os.path.join(base, f), False, HIDDEN) for f in folders if hidden(f) and f != WORK_FOLDER
        )
        folders[:] = sorted(name for name in folders if not hidden(name))
        if not window.is_open and tables.of(os.path.abspath(base)) is None:
            folders[:], files = _inside(base, folders, files, window, pruned)
        for name in files:
            path = os.path.join(base, name)
            met.add(os.path.abspath(path))
            yield Met(path, False, HIDDEN) if hidden(name) else _settled(Met(path, False), tables)
    for error in unreadable:
        reason = f"the folder cannot be listed: {error.strerror}"
        yield Met(str(error.filename), True, reason, failed=True)
    for path, keys in tables.live_below(os.path.abspath(folder)):
        if path not in met:
            yield Met(path, True, keys=keys)


def _is_outside(match: str, tables: TableFolders, window: Window, pruned: Pruned) -> bool:
    """Whether nothing of the asked time can be in what a pattern matched; then it is counted."""
    path, is_folder = os.path.abspath(match), os.path.isdir(match)
    folder = path if is_folder else os.path.dirname(path)
    if window.is_open or tables.of(folder) is not None:
        return False
    if folder_outside(folder.split(os.sep), window):
        (pruned.folders if is_folder else pruned.files)[BY_FOLDER] += 1
        return True
    outside = not is_folder and file_outside(os.path.basename(path), window)
    pruned.files[BY_NAME] += outside
    return outside


def _inside(
    base: str, folders: list[str], files: list[str], window: Window, pruned: Pruned
) -> tuple[list[str], list[str]]:
    """What may hold something of the window; the rest is counted."""
    parts = os.path.abspath(base).split(os.sep)
    left = [name for name in folders if not folder_outside([*parts, name], window)]
    kept = [name for name in files if not file_outside(name, window)]
    pruned.folders[BY_FOLDER] += len(folders) - len(left)
    pruned.files[BY_NAME] += len(files) - len(kept)
    return left, kept


def _below(folder: str, unreadable: list[OSError]) -> Iterator[tuple[str, list[str], list[str]]]:
    """Each folder with the names of its folders and files; those left among the folders come next. os.walk is
    as deep in Python's stack as the folders are in one another."""
    waiting = [folder]
    while waiting:
        base = waiting.pop()
        folders: list[str] = []
        files: list[str] = []
        try:
            with os.scandir(base) as entries:
                for entry in entries:
                    (folders if os.path.isdir(entry.path) else files).append(entry.name)
        except OSError as error:
            unreadable.append(error)
            continue
        yield base, folders, files
        inside = (os.path.join(base, name) for name in reversed(folders))
        waiting += [path for path in inside if not os.path.islink(path)]


def _settled(met: Met, tables: TableFolders) -> Met:
    """A file of a table counts only where the table's newest version names it."""
    table = tables.of(os.path.dirname(os.path.abspath(met.path)))
    if table is None:
        return met
    if table.refused:
        return Met(table.folder, True, table.refused, failed=True)
    keys = table.live.get(os.path.abspath(met.path))
    if keys is None:
        return met._replace(left_out=f"not in the newest version of the {table.kind} table", failed=met.named)
    return met._replace(keys=keys)


def hidden(name: str) -> bool:
    """As Spark, Hive and pyarrow's datasets have it; ``_day=2`` is a partition."""
    return name.startswith(".") or (name.startswith("_") and "=" not in name)


def _hidden_in_glob(pattern: str, match: str) -> bool:
    """Whether a match lies in something hidden that the pattern does not spell out."""
    spelt = [part for part in pattern.split(os.sep) if part.startswith((".", "_"))]
    return any(hidden(part) and not any(fnmatch(part, s) for s in spelt) for part in match.split(os.sep))
