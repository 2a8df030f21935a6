"""Which flow files there are: files, folders and globs become a list, each file once, in a stable order.

Nothing is opened here; files are only ever opened in workers. What is left out is listed with its reason.
"""

from __future__ import annotations

import glob
import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from flowcheck.errors import RunError

SUFFIXES = (".parquet", ".pq", ".parq")
RESULTS_MARK, WORK_FOLDER = ".flowcheck-lock", ".flowcheck-work"
RESULTS = ("violations.parquet", "edges.parquet", "policy_hits.parquet", "load.parquet", "services.parquet")
"""Results are no flows: a folder inside the input that has the mark is passed over, and so are files of
these names where the input itself has it."""


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

    ``label`` is what results call it in place of its path, where a person knows it by no path.
    """

    path: str
    identity: FileIdentity
    skipped: str = ""
    failed: bool = False
    label: str = ""

    @property
    def name(self) -> str:
        """The path as text that can be encoded: bytes that are not UTF-8 are written as escapes."""
        return self.label or os.fsencode(self.path).decode("utf-8", "backslashreplace")


def list_inputs(paths: Sequence[str | Path | InputFile]) -> list[InputFile]:
    """Every file under the given paths, sorted by path; the same file by two names is judged once.
    What is an input already stays as it is.

    **Raises**: RunError when nothing is there: no input is never a clean pass.
    """
    seen: dict[tuple[int, int], str] = {}
    found = [path for path in paths if isinstance(path, InputFile)]
    named_paths = [os.fspath(path) for path in paths if not isinstance(path, InputFile)]
    names: dict[str, bool] = {}
    for path, named, unreadable in _expand(named_paths):
        if unreadable:
            found.append(InputFile(path, FileIdentity(0, 0, 0, 0), unreadable, failed=True))
        else:
            names[path] = named or names.get(path, False)
    found += [_examine(path, named, seen) for path, named in sorted(names.items())]
    found.sort(key=lambda each: each.path)
    if not any(not f.skipped for f in found):
        reasons = "; ".join(f"{f.name}: {f.skipped}" for f in found[:5])
        raise RunError(
            "no input files" + (f" ({reasons})" if reasons else ""),
            where=", ".join(named_paths),
            hint="name Parquet files, or folders or globs that hold some",
        )
    return found


def _expand(paths: Sequence[str]) -> Iterator[tuple[str, bool, str]]:
    """(path, whether it was named itself rather than met in a folder, why it cannot be looked into)."""
    for path in paths:
        if "://" in path:
            raise RunError(
                "object stores are not read yet", where=path, hint="copy the files here and name the folder"
            )
        matches = [path] if os.path.lexists(path) else glob.glob(path, recursive=True)
        if not matches:
            raise RunError("no such file or folder", where=path, hint="check the path")
        for match in matches:
            if os.path.isdir(match):
                yield from _walk(match)
            else:
                yield match, True, ""


def _walk(folder: str) -> Iterator[tuple[str, bool, str]]:
    """Files below a folder; links to folders are not followed, so there are no loops."""
    unreadable: list[OSError] = []
    for base, folders, files in os.walk(folder, onerror=unreadable.append):
        folders[:] = sorted(name for name in folders if name != WORK_FOLDER)
        if RESULTS_MARK in files:
            if base != folder:
                folders.clear()
                continue
            files = [name for name in files if name not in (RESULTS_MARK, *RESULTS)]
        for name in files:
            yield os.path.join(base, name), False, ""
    for error in unreadable:
        yield str(error.filename), True, f"the folder cannot be listed: {error.strerror}"


def _examine(path: str, named: bool, seen: dict[tuple[int, int], str]) -> InputFile:
    try:
        status = os.stat(path)
    except OSError as error:
        return InputFile(path, FileIdentity(0, 0, 0, 0), f"cannot be examined: {error.strerror}", failed=True)
    identity = FileIdentity.of(status)
    name = os.path.basename(path)
    if not stat.S_ISREG(status.st_mode):
        return InputFile(path, identity, "not a regular file", failed=named)
    if not named and name.startswith((".", "_")):
        return InputFile(path, identity, "its name starts with a dot or underscore")
    if not named and not name.lower().endswith(SUFFIXES):
        return InputFile(path, identity, f"its name ends in none of {', '.join(SUFFIXES)}")
    first = seen.setdefault((status.st_dev, status.st_ino), path)
    if first != path:
        return InputFile(path, identity, f"the same file as {first}")
    return InputFile(path, identity)


def sha256_of(path: str | bytes) -> str | None:
    """Of a regular file, so that one that was refused can be told from its repaired successor."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
