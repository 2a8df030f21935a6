"""Workers for tests that are not about how workers start: forked off one process that has everything ready.

A worker's own start is 1.3 seconds of imports and of loading kernels, for a file of four rows. What starts,
dies and is killed is tested with real ones, in ``test_interruption.py`` and wherever the command runs
in a process of its own.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from multiprocessing.connection import Connection
from multiprocessing.forkserver import ensure_running
from multiprocessing.reduction import DupFd
from subprocess import Popen, TimeoutExpired
from typing import Any, BinaryIO, cast
from unittest.mock import patch

from flowcheck.runners import pool, worker
from flowcheck.runners.process import ENVIRONMENT, Started
from flowcheck.runners.trouble.faults import VARIABLE
from tests.cli.run import ROOT

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["pytest", "tests.runners.warm", "flowcheck.runners.worker"])


@contextmanager
def forked() -> Iterator[None]:
    """Pools start their workers so."""

    def first(*, cache: bool) -> Started:
        program = tempfile.TemporaryFile()  # noqa: SIM115 - the pool closes it
        return Started(start(program, cache=cache), program)

    def start(program: BinaryIO, *, cache: bool) -> Popen[bytes]:
        return cast("Popen[bytes]", Forked(program))

    with patch.object(pool, "start", start), patch.object(pool, "take_or_start", first):
        yield


class Forked:
    """What a pool asks of its workers' Popen."""

    def __init__(self, program: BinaryIO) -> None:
        theirs, orders = CONTEXT.Pipe(duplex=False)
        answers, back = CONTEXT.Pipe(duplex=False)
        given = (theirs, back, DupFd(program.fileno()), os.environ.get(VARIABLE, ""))
        self._process = CONTEXT.Process(target=work, args=given, daemon=True)
        with chdir(ROOT), patch.dict(os.environ, ENVIRONMENT):
            ensure_running()
        self._process.start()
        self.stdin = os.fdopen(os.dup(orders.fileno()), "wb", buffering=0)
        self.stdout = os.fdopen(os.dup(answers.fileno()), "rb", buffering=0)
        for end in (theirs, orders, answers, back):
            end.close()

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise TimeoutExpired("a forked worker", timeout or 0)
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()


def work(orders: Connection, answers: Connection, program: Any, fault: str) -> None:
    """What ``python -m flowcheck.runners.worker`` does, on these two ends."""
    assert "tests.runners.warm" in sys.modules, "what gets the kernels ready cannot be imported"
    os.environ[VARIABLE] = fault
    os.dup2(orders.fileno(), 0)
    os.dup2(answers.fileno(), 1)
    orders.close()
    answers.close()
    worker.main(program.detach())
