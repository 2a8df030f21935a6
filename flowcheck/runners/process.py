"""A worker's process, started before anything is imported: the command line's own imports take as long.

What it judges by it reads from a file without a name, which it inherits: nobody can put another in its place.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from typing import BinaryIO, NamedTuple

from flowcheck.errors import OutputError
from flowcheck.writing import output_errors

WORKER = (
    "from flowcheck.runners.trouble import last_words; last_words.prepare();"
    "import sys; from flowcheck.runners.worker import main; main(int(sys.argv[1]))"
)
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
}
"""Memory a worker has used once it keeps: to get it anew for every task from the system, page by page, took a
fifteenth of its time."""


CREDENTIALS = ("AWS_", "AZURE_", "GOOGLE_")
"""How names of variables begin that may hold some: who reads files that may be hostile has no use for
them."""
SECONDS_TO_DIE = 2.0
"""After SIGKILL. One that waits for a dead disk cannot even die; nobody waits for it."""


class Started(NamedTuple):
    """A worker, and the file that it inherited."""

    process: subprocess.Popen[bytes]
    program: BinaryIO


_early: list[Started] = []


def start(program: BinaryIO, *, cache: bool) -> subprocess.Popen[bytes]:
    """``program``: what the worker is to read, once it is told to."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(CREDENTIALS)}
    environment = {**kept, **ENVIRONMENT}
    if not cache:
        environment["FLOWCHECK_NO_CACHE"] = "1"
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(program.fileno())],
        pass_fds=(program.fileno(),),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,  # a message left in a buffer would never wake the selector
        env=environment,
        start_new_session=True,
    )


def start_early(*, cache: bool) -> None:
    """Start the worker that every run needs; it ends with this process, or when its standard input does.
    Where it cannot be, that is told when it is wanted."""
    with suppress(OSError, OutputError):
        _early.append(start_with_file(cache=cache))


def take_or_start(*, cache: bool) -> Started:
    """The one that was started early, else another."""
    return _early.pop() if _early else start_with_file(cache=cache)


def start_with_file(*, cache: bool) -> Started:
    """A worker, with a file of its own."""
    place = tempfile.gettempdir()
    with output_errors(place, temporary=True):
        program: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - the pool closes it
    try:
        return Started(start(program, cache=cache), program)
    except BaseException:
        program.close()
        raise


def ending_of(process: subprocess.Popen[bytes]) -> str:
    """Wait a moment for its own end, then kill it; says how it ended."""
    try:
        code = process.wait(0.2)
    except subprocess.TimeoutExpired:
        process.kill()
        try:
            code = process.wait(SECONDS_TO_DIE)
        except subprocess.TimeoutExpired:
            return "it cannot be killed"
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
