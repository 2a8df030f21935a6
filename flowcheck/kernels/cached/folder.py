"""The folder for compiled kernels and programs: what stands in it is run or believed.

So it and each file in it must be ours alone: created 0700 and 0600, refused when another user owns it or may
write to it. FLOWCHECK_CACHE_DIR moves the folder; FLOWCHECK_NO_CACHE=1 turns it off. NUMBA_CACHE_DIR is not
honoured: it may be shared. One that cannot be written to, as in an image with a read-only root, is read all
the same.
"""

from __future__ import annotations

import os
import stat
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numba

from flowcheck.version import __version__

KERNEL = ".kernel"
"""What the names of compiled kernels end in."""


def cache_directory() -> Path | None:
    """The folder for compiled kernels and programs, created if need be; None where none is safe to use."""
    if os.environ.get("FLOWCHECK_NO_CACHE"):
        return None
    chosen = os.environ.get("FLOWCHECK_CACHE_DIR")
    base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return safe_directory(
        Path(chosen) if chosen else base / "flowcheck" / f"{__version__}-numba{numba.__version__}"
    )


def safe_directory(directory: Path) -> Path | None:
    """The same, created if need be; None where it is not only ours to write to."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = directory.lstat()
    except OSError as error:
        warnings.warn(f"no kernel cache: {directory}: {error.strerror}", stacklevel=2)
        return None
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        warnings.warn(
            f"no kernel cache: {directory} is not a folder that only you can write to", stacklevel=2
        )
        return None
    return directory


def is_read_only(directory: Path) -> bool:
    return not os.access(directory, os.W_OK)


def open_own(path: str | Path) -> BinaryIO:
    """Open a file for reading that only this user may write to, and whose folder is likewise: both as they
    are when they are opened, so that nothing can take their place in between.

    **Raises**: ValueError where it is not so; OSError."""
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _refuse_foreign(folder, stat.S_ISDIR)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        file = os.fdopen(os.open(os.path.basename(path), flags, dir_fd=folder), "rb")
    finally:
        os.close(folder)
    try:
        _refuse_foreign(file.fileno(), stat.S_ISREG)
    except ValueError:
        file.close()
        raise
    return file


def _refuse_foreign(descriptor: int, is_kind: Callable[[int], bool]) -> None:
    status = os.fstat(descriptor)
    if not is_kind(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise ValueError("not only this user's to write to")


def is_cold() -> bool:
    """Whether no kernel has been compiled into the cache yet."""
    folder = cache_directory()
    return folder is None or not any(folder.glob(f"*{KERNEL}"))


DIRECTORY = cache_directory()
"""The folder of this process."""
