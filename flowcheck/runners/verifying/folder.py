"""What lies in a result folder: its files opened once, never through a link, and what else there is."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from flowcheck.errors import RunError
from flowcheck.flows.files.finding import (
    DIFF,
    MANIFEST,
    RESULTS,
    RESULTS_MARK,
    SUMMARY,
    WORK_FOLDER,
)
from flowcheck.runners.verifying.differences import Differences

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
THERE, MISSING = "a file", "missing"


class OpenedFile(NamedTuple):
    """A regular file and its size when it was opened."""

    descriptor: int
    size: int


class OpenedResult:
    """Use as a context manager. ``files``: those of an audit that are there and are files, by their names."""

    def __init__(self, folder: Path, differences: Differences) -> None:
        self._folder = folder
        self._differences = differences
        self._stack = ExitStack()
        self.files: dict[str, OpenedFile] = {}

    def __enter__(self) -> OpenedResult:
        """**Raises**: RunError for what is no result folder, or is being written to."""
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _open(self) -> None:
        where = str(self._folder)
        try:
            descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            self._stack.callback(os.close, descriptor)
            names = set(os.listdir(descriptor))
        except OSError as error:
            hint = "name the folder that an audit wrote: -o"
            raise RunError(f"no result folder: {error.strerror}", where=where, hint=hint) from error
        ours = (*RESULTS, MANIFEST)
        if DIFF in names and SUMMARY not in names:
            hint = f"{MANIFEST} has the SHA-256 of its files"
            raise RunError("the result of a comparison, which is not read again", where=where, hint=hint)
        if names.isdisjoint(ours):
            unfinished = WORK_FOLDER in names
            raise RunError(
                "an audit was begun here and not finished" if unfinished else "no result of an audit",
                where=where,
                hint="go on with it: --resume" if unfinished else "name the folder that an audit wrote: -o",
            )
        if RESULTS_MARK in names:
            self._refuse_busy(descriptor)
        for name in sorted(names - {*ours, RESULTS_MARK}):
            left = name == WORK_FOLDER
            self._differences.add(name, "file", None, "left by an unfinished audit" if left else "additional")
        for name in sorted(ours):
            if name in names:
                self._take(descriptor, name)
            else:
                self._differences.add(name, "file", THERE, MISSING)

    def _take(self, folder: int, name: str) -> None:
        try:
            descriptor = os.open(name, _FLAGS, dir_fd=folder)
        except OSError as error:
            is_link = error.errno == errno.ELOOP
            why = "a symbolic link" if is_link else f"cannot be opened: {error.strerror}"
            self._differences.add(name, "file", THERE, why)
            return
        self._stack.callback(os.close, descriptor)
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            self.files[name] = OpenedFile(descriptor, status.st_size)
        else:
            self._differences.add(name, "file", THERE, "not a regular file")

    def _refuse_busy(self, folder: int) -> None:
        """An audit holds its mark locked while it works; the lock is given back at once."""
        try:
            descriptor = os.open(RESULTS_MARK, _FLAGS, dir_fd=folder)
        except OSError as error:
            self._differences.add(RESULTS_MARK, "file", THERE, f"cannot be opened: {error.strerror}")
            return
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                self._differences.add(RESULTS_MARK, "file", THERE, "not a regular file")
                return
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            hint = "wait until it has ended"
            raise RunError("an audit is at work here", where=str(self._folder), hint=hint) from None
        except OSError:
            return  # a file system without locks
        finally:
            os.close(descriptor)
