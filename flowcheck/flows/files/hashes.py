"""The SHA-256 of files: of some bytes of an open one, and of inputs while others read them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Event

from flowcheck.flows.files.inputs import FileIdentity, InputFile
from flowcheck.opening import open_file

_PIECE = 1 << 20


def sha256_of_open(descriptor: int, size: int, stop: Callable[[], bool]) -> str | None:
    """Of the first ``size`` bytes; None where there are fewer, or ``stop`` says so meanwhile.

    **Raises**: OSError.
    """
    digest, place = hashlib.sha256(), 0
    while place < size:
        piece = os.pread(descriptor, min(_PIECE, size - place), place)
        if not piece or stop():
            return None
        digest.update(piece)
        place += len(piece)
    return digest.hexdigest()


class InputHashes:
    """Those of some inputs, by a thread, which starts at once. Use as a context manager: leaving it stops
    what is under way. What is no file to come back to, as standard input is not, has none, and an
    object is hashed as it is fetched."""

    def __init__(self, inputs: Sequence[InputFile]) -> None:
        self._stop = Event()
        self._thread = ThreadPoolExecutor(1)
        self._found: dict[int, Future[str | None]] = {
            number: self._thread.submit(self._hash, one)
            for number, one in enumerate(inputs)
            if not one.skipped and not one.label and one.access is None
        }

    def __enter__(self) -> InputHashes:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.shutdown(cancel_futures=True)

    def of(self, number: int) -> str | None:
        """That of an input by its place, waited for. None too for one that is not what was listed any
        more."""
        return self._found[number].result() if number in self._found else None

    def _hash(self, one: InputFile) -> str | None:
        with suppress(OSError):
            descriptor = open_file(one.path)
            try:
                found = sha256_of_open(descriptor, one.identity.size, self._stop.is_set)
                same = FileIdentity.of(os.fstat(descriptor)) == one.identity
                return found if same else None
            finally:
                os.close(descriptor)
        return None
