"""The one way to open an input: without waiting, and only if it is a file that lies somewhere.

A pipe, a terminal or a device would keep a run waiting, or never end. What the kernel makes up as it is read
(``/proc``, ``/sys``) has no size that could be held against what came. Called for every path that a person
names or that is met in a folder; files of flowcheck's own are opened where they are written.
"""

from __future__ import annotations

import errno
import os
import stat
from functools import cache

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def open_file(path: str | bytes | os.PathLike[str]) -> int:
    """A descriptor to read a regular file from.

    **Raises**: OSError, whose ``strerror`` says what else it is.
    """
    _refuse(os.stat(path), path)  # to open some devices is to use them
    descriptor = os.open(path, _FLAGS)
    try:
        _refuse(os.fstat(descriptor), path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def read_file(path: str | bytes | os.PathLike[str], most: int) -> bytes:
    """The bytes of a file of up to ``most`` bytes: as many as it says to have, however much comes.

    **Raises**: OSError.
    """
    with open(open_file(path), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise OSError(errno.EFBIG, f"it is larger than {size_text(most)}")
        return file.read(size)


def read_text(path: str | bytes | os.PathLike[str], most: int) -> str:
    """Its text. **Raises**: OSError, also where it is not in UTF-8."""
    try:
        return read_file(path, most).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OSError(errno.EILSEQ, "it is no text in UTF-8") from error


def size_text(size: int) -> str:
    return f"{size >> 20} MiB" if size >> 20 else f"{size >> 10} KiB"


def odd_kind(status: os.stat_result) -> str:
    """Why what has this status is not read; empty for a regular file."""
    kind = _KINDS.get(stat.S_IFMT(status.st_mode))
    if kind is not None or not stat.S_ISREG(status.st_mode):
        return f"it is {kind or 'a special file'}, not a regular file"
    if status.st_dev in _made_up():
        return "it lies in /proc or /sys, not on a disk: copy it to a file first"
    return ""


def _refuse(status: os.stat_result, path: str | bytes | os.PathLike[str]) -> None:
    odd = odd_kind(status)
    if odd:
        number = errno.EISDIR if stat.S_ISDIR(status.st_mode) else errno.EINVAL
        raise OSError(number, odd, os.fspath(path))


@cache
def _made_up() -> frozenset[int]:
    """The devices of file systems that are none on a disk."""
    return frozenset(os.stat(place).st_dev for place in ("/proc", "/sys") if os.path.ismount(place))
