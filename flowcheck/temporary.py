"""Temporary folders that go with a block, and those of runs that were killed, which go when the next begins.

A folder is marked by a file that its process holds a lock on: the kernel lets go of it however the process
ends. What has our kind of name, is ours alone, bears the mark and has no holder any more belongs to nobody.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flowcheck.writing import output_errors

MARK = "flowcheck.lock"
NAME = "flowcheck-"
_NAMES = re.compile(r"\.?flowcheck-[a-z0-9_]{8}")
_ATTEMPTS = 10
_BOOT = "/proc/sys/kernel/random/boot_id"


@contextmanager
def temporary_folder(parent: str | Path | None = None, prefix: str = NAME) -> Iterator[Path]:
    """A folder for its owner alone, in ``parent`` or where temporary files go.

    **Raises**: OutputError where it cannot be made.
    """
    place = tempfile.gettempdir() if parent is None else os.fspath(parent)
    with output_errors(place, temporary=parent is None):
        sweep(place)
        folder, lock = _made(place, prefix)
    try:
        yield folder
    finally:
        with suppress(OSError):
            _remove(folder)
        os.close(lock)


def sweep(place: str) -> None:
    """Remove the folders there whose processes are gone. Nothing is removed through a link, nor another's;
    what cannot be removed stays."""
    with suppress(OSError):
        descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with os.scandir(descriptor) as entries:
                names = [entry.name for entry in entries if _NAMES.fullmatch(entry.name)]
            for name in names:
                with suppress(OSError):
                    _remove_left(name, descriptor)
        finally:
            os.close(descriptor)


def _made(place: str, prefix: str) -> tuple[Path, int]:
    """A new folder and its lock. Until it is locked another run may lock it, to see if it was left; then
    there is another attempt."""
    for _ in range(_ATTEMPTS):
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
        mark = folder / MARK
        with suppress(FileNotFoundError):
            lock = os.open(mark, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                if _hold(lock) and _is_there(mark, lock):
                    os.write(lock, _machine())
                    return folder, lock
            except OSError:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)
                raise
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)
    raise OSError(errno.EAGAIN, "temporary folders vanish as soon as they are made")


def _remove_left(name: str, place: int) -> None:
    """Remove a folder, given by its name in an open one, if it is one of ours that was left."""
    folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place)
    try:
        if not _is_ours(os.fstat(folder), stat.S_IFDIR | 0o700):
            return
        lock = os.open(MARK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        try:
            if not _is_ours(os.fstat(lock), stat.S_IFREG | 0o600) or not _hold(lock, surely=True):
                return
            if os.pread(lock, 200, 0) != _machine():  # of another, on a shared disk that locks may not cross
                return
            _empty(folder)
            os.rmdir(name, dir_fd=place)
        finally:
            os.close(lock)
    finally:
        os.close(folder)


def _remove(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _empty(folder)
    finally:
        os.close(folder)
    path.rmdir()


def _empty(folder: int) -> None:
    """The mark goes last: what a kill leaves here is found again."""
    with os.scandir(folder) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries if entry.name != MARK]
    for name, is_folder in found:
        if is_folder:
            shutil.rmtree(name, dir_fd=folder)
        else:
            os.unlink(name, dir_fd=folder)
    os.unlink(MARK, dir_fd=folder)


def _is_ours(status: os.stat_result, mode: int) -> bool:
    """Whether it is of this kind, this user's, and nobody else's to look into."""
    mine = status.st_uid == os.geteuid()
    return mine and stat.S_IFMT(status.st_mode) | status.st_mode & 0o777 == mode


def _hold(lock: int, *, surely: bool = False) -> bool:
    """Lock a file, if nobody else has. Where there are no locks, nobody sweeps either."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return not surely
    return True


def _is_there(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path, follow_symlinks=False), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _machine() -> bytes:
    """Which machine this is, since when: a lock tells of no process of another."""
    with suppress(OSError), open(_BOOT, "rb") as file:
        return file.read(100).strip()
    return os.uname().nodename.encode()
