"""Paths -> the bytes of every manifest under them, each file once, without hanging on odd ones.

A folder is walked in sorted order for the suffixes below, also packed, and for logs of objects, as audit logs
are; ``-`` is standard input.
A file's time is the one in its name, else in the name of the nearest folder around it up to the path given.
Hidden folders are not walked; hidden manifests are passed over and listed. Only regular files are
opened. Patches that a kustomization names are no manifests. What was passed over and why goes to the journal:
other files by their names only, prose not at all.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from flowcheck.errors import Problem
from flowcheck.manifests.files.logs import SUFFIX as LOG
from flowcheck.manifests.files.logs import is_of_objects
from flowcheck.manifests.files.objects import read_objects
from flowcheck.manifests.files.packed import PackedError, plain_name, unpack
from flowcheck.manifests.journal import Journal
from flowcheck.manifests.kustomize import NAMES
from flowcheck.manifests.text.templates import may_hold_objects
from flowcheck.model.instants import time_in_name
from flowcheck.model.places import SourceLocation
from flowcheck.opening import odd_kind, open_file
from flowcheck.stores.uri import StorePath, is_uri, store_path

SUFFIXES = (".yaml", ".yml", ".json", ".jsonl", ".ndjson")
_PROSE = re.compile(
    r"\.(?:md|rst|adoc)$|^(?:readme|licen[cs]e|notice|authors|owners|codeowners)\b", re.IGNORECASE
)
STDIN = "<stdin>"
MAX_BYTES = 1 << 30
_DERIVED = re.compile(r"\.(?:ya?ml|json)\.\w+$")
"""What manifests are made from, and what was set aside: ``policy.yaml.tmpl``, ``policy.yaml.off``."""

PathLike = str | os.PathLike[str]
At = int | Literal["mtime"] | None
"""The time of inputs whose names tell none: an instant, each file's own modification time, or no time."""


@dataclass(frozen=True)
class Input:
    """One file's name, as it is shown, its bytes, and the instant it is of; None: it holds for all times.
    What is packed is unpacked in ``data``.

    ``named``: it was asked for by its own name, not found in a folder.
    """

    name: str
    data: bytes
    time: int | None = None
    named: bool = True

    @cached_property
    def may_hold_objects(self) -> bool:
        """Whether anything in it says that it is for Kubernetes; looked for once, however much is broken."""
        return may_hold_objects(self.data)


def read_inputs(paths: Iterable[PathLike], journal: Journal, at: At = None) -> Iterator[Input]:
    """Read everything under the paths, in order. A file reached twice is read once.

    ``at`` is the time of the files whose names tell none.
    """
    seen: dict[tuple[int, int], str] = {}
    objects: set[str] = set()
    found = [(path, name) for path in paths for name in _names(path, journal, seen)]
    journal.kustomizations.read([name for path, name in found if not is_uri(path)])
    for given, name in found:
        path = os.fspath(given)
        if is_uri(given):
            for item in _stored(store_path(given), journal, objects):
                yield _timed(item, path, at)
            continue
        owner = journal.kustomizations.patches.get(os.path.realpath(name))
        if path == "-":
            if at == "mtime":
                hint = "give its time: --at 2026-03-10T10:05:00Z"
                journal.refuse([Problem("has no modification time", STDIN, hint)])
            elif STDIN not in journal.inputs:
                yield from _opened(Input(STDIN, sys.stdin.buffer.read(), at), journal)
        elif owner is not None:
            journal.skip("", "", f"a patch of {owner}", SourceLocation(name))
        else:
            for item in _read(name, journal, seen, named=name == path):
                yield _timed(item, path, at)


def _names(given: PathLike, journal: Journal, seen: dict[tuple[int, int], str]) -> Iterator[str]:
    path = os.fspath(given)
    if path != "-" and not is_uri(given) and os.path.isdir(path):
        yield from _walk(path, journal, seen)
    else:
        yield path


def _stored(path: StorePath, journal: Journal, objects: set[str]) -> Iterator[Input]:
    """What lies in an object store. ``objects``: what was read before."""
    for uri, data, modified, named in read_objects(path, journal, MAX_BYTES, _is_manifest):
        if uri in objects:
            journal.skip("", "", f"the same object as {uri}", SourceLocation(uri))
            continue
        objects.add(uri)
        yield from _opened(Input(uri, data, modified, named), journal)


def _is_manifest(path: str, journal: Journal) -> bool:
    """Whether what lies in a folder is one, by its name; other names are noted."""
    name = os.path.basename(path)
    manifest = _has_suffix(name)
    if manifest and name.startswith("."):
        journal.skip("", "", "hidden file", SourceLocation(path))
    elif manifest:
        return True
    elif not name.startswith(".") and not _PROSE.search(name):
        journal.unread.append(path)
        if _DERIVED.search(name):
            journal.skip("", "", "not a manifest by its name", SourceLocation(path))
    return False


def _has_suffix(name: str) -> bool:
    return plain_name(name).endswith((*SUFFIXES, LOG)) or name in NAMES


def _timed(item: Input, given: str, at: At) -> Input:
    """The same, with the time that names tell, or ``at``. Folders above the path given tell nothing."""
    base = os.path.normpath(given)
    below = os.path.relpath(item.name, base) if item.name != given else ""
    for part in (*reversed(below.split(os.sep)), os.path.basename(base)):
        time = time_in_name(part)
        if time is not None:
            return replace(item, time=time)
    return item if at == "mtime" else replace(item, time=at)


def _opened(item: Input, journal: Journal) -> Iterator[Input]:
    """Note what was read and unpack it; a log found in a folder is left out unless it is one of objects."""
    source = SourceLocation(item.name)
    try:
        data = unpack(item.name, item.data, MAX_BYTES)
    except PackedError as fault:
        journal.refuse([Problem(fault.message, item.name, fault.hint)], source=source)
        return
    if not item.named and plain_name(item.name).endswith(LOG) and not is_of_objects(data):
        journal.leave_out(source, "a log of something else: its first line is not a Kubernetes object")
        return
    journal.inputs[item.name] = hashlib.sha256(item.data).hexdigest()
    yield replace(item, data=data)


def _walk(folder: str, journal: Journal, seen: dict[tuple[int, int], str]) -> Iterator[str]:
    """The manifests in a folder and below it, however deep; a folder that was already walked is not walked
    again."""
    open_folders = [_entries(folder, journal, seen)]
    while open_folders:
        entry = next(open_folders[-1], None)
        if entry is None:
            open_folders.pop()
            continue
        if _leads_to(entry.is_dir):
            if not entry.name.startswith("."):
                open_folders.append(_entries(entry.path, journal, seen))
        elif (_has_suffix(entry.name) or _leads_to(entry.is_file)) and _is_manifest(entry.path, journal):
            yield entry.path


def _entries(folder: str, journal: Journal, seen: dict[tuple[int, int], str]) -> Iterator[os.DirEntry[str]]:
    """What lies in a folder, by name; nothing where it cannot be read, which is reported, or was before."""
    try:
        status = os.stat(folder)
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        journal.refuse([Problem(f"cannot be read: {error.strerror}", folder)], source=SourceLocation(folder))
        return iter(())
    return iter(()) if _already(folder, status, journal, seen) else iter(entries)


def _leads_to(asks: Callable[[], bool]) -> bool:
    """Of an entry whether it is such a thing; links in a circle are nothing, and cannot even be asked."""
    try:
        return asks()
    except OSError:
        return False


def _already(path: str, status: os.stat_result, journal: Journal, seen: dict[tuple[int, int], str]) -> bool:
    key = (status.st_dev, status.st_ino)
    if key in seen:
        journal.skip("", "", f"the same file or folder as {seen[key]}", SourceLocation(path))
        return True
    seen[key] = path
    return False


def _read(path: str, journal: Journal, seen: dict[tuple[int, int], str], *, named: bool) -> Iterator[Input]:
    """Open without waiting, make sure it is a regular file, read as much as it says to have."""
    source = SourceLocation(path)
    try:
        if odd := odd_kind(os.stat(path)):
            _pass_over(path, odd, journal, named=named)
            return
        handle = open_file(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a file name"
        journal.refuse([Problem(f"cannot be read: {reason}", path)], source=source)
        return
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if status.st_size > MAX_BYTES:
            problem = Problem(f"is larger than {MAX_BYTES >> 20} MiB", path, "split it")
            journal.refuse([problem], source=source)
            return
        if _already(path, status, journal, seen):
            return
        try:
            data = file.read(status.st_size)
        except OSError as error:
            journal.refuse([Problem(f"cannot be read: {error.strerror}", path)], source=source)
            return
    yield from _opened(Input(path, data, status.st_mtime_ns // 1000, named), journal)


def _pass_over(path: str, odd: str, journal: Journal, *, named: bool) -> None:
    """What is no regular file is refused where it was named, and passed over in a folder."""
    source = SourceLocation(path)
    if named:
        hint = "pipe it in and give - as the path"
        journal.refuse([Problem(f"cannot be read: {odd}", path, hint)], source=source)
    else:
        journal.skip("", "", odd, source)
        journal.warnings.append(f"{path} was passed over: {odd}")
