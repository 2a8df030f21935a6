"""Writing an output so that it is complete or absent, never half, and never through a symbolic link.

The bytes go to a temporary file in the same folder, reach the disk, and then take the name in one step.
Called for every file flowcheck writes. Files are for their owner alone: results name internal hosts.
The one way to JSON text stands here too, as every JSON file and report needs the same care.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from flowcheck.errors import OutputError
from flowcheck.shortages import shortage_of

_ADVICE = {
    errno.ENOSPC: "free some space, or choose another folder",
    errno.EDQUOT: "the disk quota is used up; choose another folder",
    errno.EFBIG: "files may not be larger here (ulimit -f); choose another folder",
    errno.EACCES: "choose a folder you may write to",
    errno.EPERM: "choose a folder you may write to",
    errno.EROFS: "the file system is read-only; choose another folder",
    errno.ENOENT: "create the folder first",
    errno.ENOTDIR: "a part of the path is a file",
}

meeting: list[Callable[[], None]] = []
"""Called where a file begins to be written, or to take its place, and where its bytes are to reach the disk.
Tests put a full disk here: see ``flowcheck/runners/trouble/faults.py``."""

_UNSAFE_JSON = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x7F: "\\u007f"}


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON of plain values: ASCII, no NaN, safe inside a web page; half a surrogate pair is escaped.

    The unsafe characters can only stand inside strings, so they are swapped last.
    """
    return json.dumps(value, indent=indent, ensure_ascii=True, allow_nan=False).translate(_UNSAFE_JSON)


def atomic_write(path: str | Path, write: Callable[[BinaryIO], None]) -> None:
    """Replace ``path`` by what ``write`` puts into the stream it is given, all of it or nothing.

    Whatever ``write`` raises, the file that stood at ``path`` stays as it was. An OSError from
    ``write`` itself counts as a failed write; Arrow writers may be used inside (they must be closed there).

    Raises: OutputError when the file cannot be written.
    """
    with output_errors(path):
        target = Path(path)
        refuse_unwritable(target)
        temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}.tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with open(descriptor, "wb", closefd=False) as stream:
                write(stream)
                stream.flush()
            to_disk(descriptor)
            os.replace(temporary, target)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        finally:
            os.close(descriptor)
        sync_folder(target.parent)


def refuse_unwritable(target: Path) -> None:
    """Raise an OSError where writing ``target`` is bound to fail: no such folder, not a regular file.

    A symbolic link is refused rather than replaced: the person may mean the file it points to.
    """
    if not target.name:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISDIR(os.stat(target.parent).st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    try:
        mode = os.lstat(target).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        raise OSError(errno.ELOOP, "it is a symbolic link")
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is not a regular file")


@contextmanager
def output_errors(path: str | Path, *, temporary: bool = False) -> Iterator[None]:
    """Turn an OSError inside the block into an OutputError that names ``path``; one of what the machine is
    short of says so. ``temporary``: it lies where temporary files go, which is chosen by TMPDIR."""
    try:
        meet()
        yield
    except OSError as error:
        missing = shortage_of(error)
        cause, hint = missing or (
            error.strerror or _first_line(error),
            _ADVICE.get(error.errno or 0, ""),
        )
        if temporary and error.errno in _ADVICE:
            hint = "free some space there, or set TMPDIR to a folder with room for temporary files"
        raise OutputError(f"cannot write: {cause}", where=os.fspath(path), hint=hint) from error


def _first_line(error: OSError) -> str:
    """What Arrow says, whose errors have no number."""
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def meet() -> None:
    """Here something is to be written."""
    for each in meeting:
        each()


def to_disk(descriptor: int) -> None:
    """Wait until what was written is on the disk, which may find only now that it is full."""
    meet()
    os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Make a new name in ``folder`` survive a power loss, where the file system can say so."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
