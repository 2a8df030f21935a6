"""Which flow files there are: files, folders and globs become a list, each file once, in a stable order.

Nothing is opened here; files are only ever opened in workers. What is left out is listed with its reason.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from flowcheck.errors import RunError

SUFFIXES = (".parquet", ".pq", ".parq")


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
    """A flow file to judge, or (``skipped``) the reason why not. ``failed``: it was named, so it counts."""

    path: str
    identity: FileIdentity
    skipped: str = ""
    failed: bool = False


def list_inputs(paths: Sequence[str | Path]) -> list[InputFile]:
    """Every file under the given paths, sorted by path; the same file by two names is judged once.

    **Raises**: RunError when nothing is there: no input is never a clean pass.
    """
    seen: dict[tuple[int, int], str] = {}
    found: list[InputFile] = []
    for path, named in sorted(set(_expand([os.fspath(p) for p in paths]))):
        found.append(_examine(path, named, seen))
    if not any(not f.skipped for f in found):
        reasons = "; ".join(f"{f.path}: {f.skipped}" for f in found[:5])
        raise RunError(
            "no input files" + (f" ({reasons})" if reasons else ""),
            where=", ".join(os.fspath(p) for p in paths),
            hint="name Parquet files, or folders or globs that hold some",
        )
    return found


def _expand(paths: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """(path, whether it was named itself rather than met in a folder)."""
    for path in paths:
        if "://" in path:
            raise RunError(
                "object stores are not read yet", where=path, hint="copy the files here and name the folder"
            )
        if os.path.isdir(path):
            yield from ((inside, False) for inside in _walk(path))
        elif os.path.lexists(path):
            yield path, True
        else:
            matches = glob.glob(path, recursive=True)
            if not matches:
                raise RunError("no such file or folder", where=path, hint="check the path")
            for match in matches:
                if os.path.isdir(match):
                    yield from ((inside, False) for inside in _walk(match))
                else:
                    yield match, True


def _walk(folder: str) -> Iterator[str]:
    """Files below a folder; links to folders are not followed, so there are no loops."""

    def unreadable(error: OSError) -> None:
        raise RunError(
            f"cannot list the folder: {error.strerror}",
            where=str(error.filename),
            hint="check its permissions",
        )

    for base, folders, files in os.walk(folder, onerror=unreadable):
        folders.sort()
        for name in files:
            yield os.path.join(base, name)


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
