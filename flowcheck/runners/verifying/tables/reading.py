"""Tables, read by a process that may die of one: that costs this one, and another goes on with the rest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from flowcheck.errors import RunError
from flowcheck.runners.process import ENVIRONMENT
from flowcheck.runners.verifying.folder import OpenedFile
from flowcheck.runners.verifying.tables.said import Ready, Said, Unreadable, receive

READER = [sys.executable, "-m", "flowcheck.runners.verifying.tables.reader"]


def read_tables(files: Mapping[str, OpenedFile]) -> dict[str, Said]:
    """What each of these files adds up to.

    **Raises**: RunError where no process can be started to read with.
    """
    said: dict[str, Said] = {}
    while waiting := {name: file for name, file in files.items() if name not in said}:
        with _started(waiting) as process:
            assert process.stdout is not None
            if not isinstance(receive(process.stdout), Ready):
                raise RunError(
                    "the process that reads tables cannot be started",
                    hint="run `flowcheck doctor`; the cause stands above on standard error",
                )
            for name in waiting:
                answer = receive(process.stdout)
                if answer is None or isinstance(answer, Ready):
                    said[name] = Unreadable(f"the process that read it died ({_ended(process)})")
                    break
                said[name] = answer
    return said


@contextmanager
def _started(files: Mapping[str, OpenedFile]) -> Iterator[subprocess.Popen[bytes]]:
    words = [f"{name}={file.descriptor}" for name, file in files.items()]
    process = subprocess.Popen(
        [*READER, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={**os.environ, **ENVIRONMENT},
        pass_fds=[file.descriptor for file in files.values()],
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _ended(process: subprocess.Popen[bytes]) -> str:
    """How; what talks nonsense is ended."""
    try:
        code = process.wait(0.2)
    except subprocess.TimeoutExpired:
        return "it answered nonsense"
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
