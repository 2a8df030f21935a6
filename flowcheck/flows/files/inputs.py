"""Which flow files there are: files, folders and globs become a list, each file once, in a stable order.

Nothing is opened here; files are only ever opened in workers. What is left out is listed with its reason.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from flowcheck.errors import RunError
from flowcheck.flows.files.finding import Met, find
from flowcheck.flows.files.hive import Key, keys_in, keys_of
from flowcheck.flows.files.objects import Found, find_objects
from flowcheck.flows.files.partitions import ALWAYS, Pruned, Window
from flowcheck.flows.known import AUTO, CANONICAL
from flowcheck.opening import odd_kind, open_file
from flowcheck.stores.uri import Access, StorePath, is_uri, store_path

SUFFIXES = (".parquet", ".pq", ".parq")
LOG_SUFFIXES = (".json", ".jsonl", ".ndjson", ".log", ".csv", ".tsv")
_LOG = re.compile(
    r"\.(jsonl?|ndjson|log|csv|tsv|txt)([.-][0-9tz.:_-]+)?(\.(gz|gzip|zst|zstd))?$", re.IGNORECASE
)
"""How names of logs end, rotated and packed ones too: ``events.log.1``, ``events.log.2.gz``."""


class FileIdentity(NamedTuple):
    """What must not change while a file is read."""

    device: int
    inode: int
    size: int
    modified_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileIdentity:
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class InputFile:
    """A flow file to judge, or (``skipped``) the reason why not. ``failed``: it was named, so it counts.
    ``keys``: columns that stand in its path or in its table's log. ``label`` is what results call it in place
    of its path, where a person knows it by no path. ``access``: how the store is reached that it is an
    object of; its path is a URI then, and its identity has no device. None: it is a file.
    """

    path: str
    identity: FileIdentity
    skipped: str = ""
    failed: bool = False
    keys: tuple[Key, ...] = ()
    label: str = ""
    access: Access | None = None

    @property
    def name(self) -> str:
        """The path as text that can be encoded: bytes that are not UTF-8 are written as escapes."""
        return self.label or os.fsencode(self.path).decode("utf-8", "backslashreplace")


class Inputs(NamedTuple):
    """Files to judge or not, and what was pruned: left out unread, as nothing of the asked time can be in
    it."""

    files: list[InputFile]
    pruned: Pruned


Given = str | Path | StorePath | InputFile
"""What names inputs: a path, a URI, or an input as it is."""


def list_inputs(paths: Sequence[Given], format_: str = AUTO) -> list[InputFile]:
    """The files of :func:`find_inputs` for all of time."""
    return find_inputs(paths, format_).files


def find_inputs(paths: Sequence[Given], format_: str = AUTO, window: Window = ALWAYS) -> Inputs:
    """Every file under the given paths, sorted by path; the same file by two names is judged once.
    What is an input already stays as it is. ``format_``: what is asked for, which decides what counts in a
    folder. ``window``: the time that is asked for.

    **Raises**: RunError when nothing is there: no input is never a clean pass.
    """
    pruned = Pruned.nothing()
    seen: dict[tuple[int, int], str] = {}
    given = [path for path in paths if isinstance(path, InputFile)]
    stored = [store_path(path) for path in paths if not isinstance(path, InputFile | Path) and is_uri(path)]
    named_paths = [os.fspath(path) for path in paths if not isinstance(path, InputFile) and not is_uri(path)]
    names: dict[str, Met] = {}
    for met in find(named_paths, window, pruned):
        known = names.get(met.path, met)
        kept = known if not known.left_out else met
        names[met.path] = kept._replace(named=known.named or met.named)
    examined = [_examine(met, seen, format_) for _, met in sorted(names.items())]
    objects = _objects(stored, format_, window, pruned)
    found = sorted([*given, *examined, *objects], key=lambda each: each.path)
    if not any(not f.skipped for f in found):
        reasons = "; ".join((*pruned.told(), *(f"{f.name}: {f.skipped}" for f in found[:5])))
        raise RunError(
            "no input files" + (f" ({reasons})" if reasons else ""),
            where=", ".join((*named_paths, *map(str, stored))),
            hint="name files of flows, or folders or globs that hold some",
        )
    return Inputs(found, pruned)


def _objects(paths: Sequence[StorePath], format_: str, window: Window, pruned: Pruned) -> list[InputFile]:
    """What lies in stores; each object once."""
    met: dict[str, tuple[Found, StorePath]] = {}
    for path in paths:
        for one in find_objects(path, window, pruned):
            known = met.get(one.uri, (one, path))[0]
            kept = known if not known.left_out else one
            met[one.uri] = kept._replace(named=known.named or one.named), path
    return [_object(one, path.access, format_) for one, path in met.values()]


def _object(found: Found, access: Access, format_: str) -> InputFile:
    identity = FileIdentity(0, 0, found.size, found.modified_ns)
    skipped, failed = found.left_out, found.failed
    if not skipped and not found.named and not _counts(found.uri, format_):
        skipped = _no_suffix(format_)
    return InputFile(found.uri, identity, skipped, failed, keys_in(found.uri), access=access)


def _examine(met: Met, seen: dict[tuple[int, int], str], format_: str) -> InputFile:
    path, named = met.path, met.named
    try:
        status = os.stat(path)
    except OSError as error:
        reason = met.left_out or f"cannot be examined: {error.strerror}"
        return InputFile(path, FileIdentity(0, 0, 0, 0), reason, met.failed or not met.left_out)
    identity = FileIdentity.of(status)
    if met.left_out:
        return InputFile(path, identity, met.left_out, met.failed)
    if odd := odd_kind(status):
        return InputFile(path, identity, odd, failed=named)
    if not named and not _counts(path, format_):
        return InputFile(path, identity, _no_suffix(format_))
    first = seen.setdefault((status.st_dev, status.st_ino), path)
    if first != path:
        return InputFile(path, identity, f"the same file as {first}")
    return InputFile(path, identity, keys=keys_of(path) if met.keys is None else met.keys)


def _no_suffix(format_: str) -> str:
    suffixes = SUFFIXES if format_ == CANONICAL else (*SUFFIXES, *LOG_SUFFIXES)
    return f"its name ends in none of {', '.join(suffixes)}"


def _counts(path: str, format_: str) -> bool:
    """Whether a file in a folder may be flows, by its name. Texts may be anything, and count where a log is
    asked for by name."""
    name = os.path.basename(path)
    if name.lower().endswith(SUFFIXES):
        return True
    end = None if format_ == CANONICAL else _LOG.search(name)
    return end is not None and (end[1].lower() != "txt" or format_ != AUTO)


def sha256_of(path: str | bytes) -> str | None:
    """Of a regular file, so that one that was refused can be told from its repaired successor."""
    try:
        with open(open_file(path), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
