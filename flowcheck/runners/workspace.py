"""The folder a run works in: the parts of its workers, and what makes a run resumable.

With an output folder it lies inside it, so that an interrupted run can go on; without one, or where others
may write to that, it is temporary. A lock keeps two runs out of one output folder. A file counts as done once
its record stands here.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path

import msgspec

from flowcheck.arrays import Int64
from flowcheck.errors import RunError
from flowcheck.flows.files.finding import RESULTS_MARK, WORK_FOLDER
from flowcheck.flows.files.inputs import InputFile
from flowcheck.results.records.ledger import Stored
from flowcheck.runners.messages import Converted, Part
from flowcheck.runners.request import AuditRequest
from flowcheck.runners.tasks.part_file import read_part, read_sums
from flowcheck.temporary import temporary_folder
from flowcheck.version import __version__
from flowcheck.writing import output_errors

FOLDER, LOCK = WORK_FOLDER, RESULTS_MARK
RECORD = "run"


class Done(msgspec.Struct, frozen=True):
    """A file whose parts are all here."""

    rows: int
    warnings: tuple[str, ...]
    parts: tuple[str, ...]
    converted: Converted | None = None
    stored: Stored | None = None
    columns: tuple[str, ...] = ()
    sha256: str | None = None
    pruned: tuple[int, int] = 0, 0


class Workspace:
    """Use as a context manager; the folder goes when the run succeeded, or holds nothing to go on with."""

    def __init__(self, out: Path | None, *, resume: bool = False) -> None:
        self._out = out
        self._resume = resume
        self._stack = ExitStack()
        self._finished = False

    def __enter__(self) -> Workspace:
        if self._out is None:
            self.folder = self._temporary()
            return self
        try:
            with output_errors(self._out):
                self._out.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._lock(self._out)
                self.folder = self._inside(self._out)
        except BaseException:
            self._stack.close()
            raise
        return self

    def _temporary(self) -> Path:
        folder = self._stack.enter_context(temporary_folder()) / FOLDER
        folder.mkdir(mode=0o700)
        return folder

    def _inside(self, out: Path) -> Path:
        """The folder in the output folder, or elsewhere if that is not only ours to write to: another could
        put parts in the place of these.

        **Raises**: RunError where a run is to go on there."""
        if not is_ours_alone(out):
            if self._resume:
                raise RunError(
                    "a run cannot go on in a folder that others may write to",
                    where=str(out),
                    hint="leave out --resume, or take the right from them: chmod go-w",
                )
            return self._temporary()
        folder = out / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        if not is_ours_alone(folder):
            raise PermissionError(errno.EPERM, "it holds a folder that others can write to", str(folder))
        return folder

    def __exit__(self, *_: object) -> None:
        if self._out is not None and (self._finished or not (self.folder / RECORD).exists()):
            shutil.rmtree(self.folder, ignore_errors=True)
        self._stack.close()

    def errors(self) -> AbstractContextManager[None]:
        """What cannot be written in here is an OutputError."""
        return output_errors(self._out or self.folder, temporary=self._out is None)

    def succeeded(self) -> None:
        """Nothing is left to go on with."""
        self._finished = True

    def begin(self, judged_by: str, request: AuditRequest, inputs: list[InputFile]) -> None:
        """Write down what this run is. ``judged_by``: what tells program and plan from others. A run that
        resumes must be the same one; any other starts anew.

        **Raises**: RunError when ``--resume`` meets another run's parts.
        """
        key = run_key(judged_by, request, inputs)
        record = self.folder / RECORD
        found = record.read_text() if record.exists() else None
        if request.resume and found not in (None, key):
            raise RunError(
                "the interrupted run had other flows, policies or options",
                where=str(self._out),
                hint="repeat its command exactly, or leave out --resume to start anew",
            )
        with self.errors():
            if not (request.resume and found == key):
                shutil.rmtree(self.folder)
                self.folder.mkdir(mode=0o700)
                record.write_text(key)

    def finish(self, number: int, done: Done) -> None:
        """Record that a file is done."""
        temporary = self.folder / f"{number:06d}.tmp"
        with self.errors():
            temporary.write_bytes(msgspec.msgpack.encode(done))
            os.replace(temporary, self.folder / f"{number:06d}.done")
            if done.converted is not None:
                (self.folder / done.converted.name).unlink(missing_ok=True)

    def done(self) -> dict[int, Done]:
        """The files an interrupted run had finished, and whose parts are whole."""
        found = {}
        for path in sorted(self.folder.glob("*.done")):
            with suppress(msgspec.MsgspecError, ValueError, OSError):
                done = msgspec.msgpack.decode(path.read_bytes(), type=Done)
                if all(self._whole(name) for name in done.parts):
                    found[int(path.stem)] = done
        return found

    def _whole(self, name: str) -> bool:
        """A power cut may have left a part torn behind its record."""
        size = self.part(name).violations_bytes
        return size == 0 or self.violations(name).stat().st_size == size

    def part(self, name: str) -> Part:
        with open(self.folder / f"{name}.part", "rb") as file:
            return read_part(file)

    def sums(self, name: str, part: Part) -> Iterator[tuple[Int64, Int64]]:
        """Piece by piece: edges (n, 8), and examples (n, 6)."""
        with open(self.folder / f"{name}.part", "rb") as file:
            yield from read_sums(file, part)

    def violations(self, name: str) -> Path:
        """May not exist: a part without violations has no such file."""
        return self.folder / f"{name}.violations"

    def _lock(self, out: Path) -> None:
        descriptor = os.open(out / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        self._stack.callback(os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            raise RunError(
                f"locked by pid {owner or 'unknown'}",
                where=str(out),
                hint="wait for it, or choose another folder",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)


def run_key(judged_by: str, request: AuditRequest, inputs: list[InputFile]) -> str:
    """What two runs must share for one to go on with the other's parts."""
    chosen = (request.since, request.until, request.namespaces, request.keep_columns, request.asked)
    files = [(each.path, tuple(each.identity), each.keys) for each in inputs if not each.skipped]
    text = repr((__version__, judged_by, chosen, files))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def is_ours_alone(folder: Path) -> bool:
    """Whether it is a folder, of this user's, that nobody else may write to."""
    status = os.lstat(folder)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o022
