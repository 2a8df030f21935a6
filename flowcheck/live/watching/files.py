"""The files of a watch: each begins with all there is, then what changes, so that any from some file on tell
all from then on.

A file is called by when it was begun. A line is written at once and whole; what a crash left of one is cut
off when the watch goes on. One process at a time writes to a folder.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from flowcheck.errors import RunError
from flowcheck.model.instants import instant_text, time_in_name
from flowcheck.writing import output_errors, sync_folder, to_disk

LOCK = ".flowcheck.lock"
_NAMES = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{6}Z\.jsonl")
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW


class Files:
    """``size`` is that of the file being written, ``begun`` when it was, microseconds since 1970."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path: Path | None = None
        self.size = self.begun = 0
        self._descriptor = -1
        with output_errors(folder):
            folder.mkdir(mode=0o700, exist_ok=True)
            self._lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            hint = "end that one first, or name another folder"
            raise RunError("another watch writes there", where=str(folder), hint=hint) from None

    def last(self) -> Path | None:
        """The file that was written last."""
        names = sorted(one.name for one in self.folder.iterdir() if _NAMES.fullmatch(one.name))
        return self.folder / names[-1] if names else None

    def go_on(self, path: Path, size: int, begun: int) -> None:
        """Write on in a file whose first bytes, so many, are whole lines; what comes after them goes."""
        with output_errors(path):
            self._open(os.open(path, _FLAGS), path, size, begun)
            os.ftruncate(self._descriptor, size)

    def begin(self, now: int, lines: Iterable[bytes]) -> None:
        """Another file, with these lines; the one before ends when they are on the disk."""
        path = self.folder / self._name(now)
        temporary = path.with_name(f".{path.name}.tmp")
        size = 0
        with output_errors(path):
            descriptor = os.open(temporary, _FLAGS | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                with open(descriptor, "wb", closefd=False) as stream:
                    for line in lines:
                        size += stream.write(line)
                to_disk(descriptor)
                os.rename(temporary, path)
            except BaseException:
                os.close(descriptor)
                with suppress(OSError):
                    temporary.unlink()
                raise
            sync_folder(self.folder)
        self._open(descriptor, path, size, now)

    def _name(self, now: int) -> str:
        """That of a file begun now; after the last one's, also where the clock was put back."""
        last = self.last()
        earliest = 0 if last is None else (time_in_name(last.name) or 0) + 1
        name = instant_text(max(now, earliest)).replace(":", "-").removesuffix("Z")
        return f"{name if '.' in name else name + '.000000'}Z.jsonl"

    def append(self, line: bytes) -> None:
        """Raises: OutputError; of the line nothing is left then, where the disk lets it be so."""
        with output_errors(self.path or self.folder):
            rest = memoryview(line)
            try:
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
            except OSError:
                os.ftruncate(self._descriptor, self.size)
                raise
        self.size += len(line)

    def settle(self) -> None:
        """Let what was written reach the disk."""
        with output_errors(self.path or self.folder):
            to_disk(self._descriptor)

    def close(self) -> None:
        for descriptor in (self._descriptor, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._descriptor = self._lock = -1

    def _open(self, descriptor: int, path: Path, size: int, begun: int) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self.path, self.size, self.begun = descriptor, path, size, begun
