"""Workers for tests that are not about how workers start: forked off one process that has everything ready.

A worker's own start is 1.3 seconds of imports and of loading kernels, for a file of four rows. What starts,
dies and is killed is tested with real ones, in ``test_interruption.py`` and wherever the command runs
in a process of its own.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from contextlib import chdir
from multiprocessing.connection import Connection
from multiprocessing.forkserver import ensure_running
from subprocess import TimeoutExpired
from unittest.mock import patch

from flowcheck.runners import pool, worker
from flowcheck.runners.process import ENVIRONMENT
from tests.cli.run import ROOT

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["pytest", "tests.runners.warm", "flowcheck.runners.worker"])


class ForkedWorker(pool.Worker):
    """What takes the place of ``pool.Worker``."""

    def __init__(self, cache: bool) -> None:
        self.process = Forked()  # type: ignore[assignment]
        self.begin()


class Forked:
    """What a pool asks of its workers' Popen."""

    def __init__(self) -> None:
        theirs, orders = CONTEXT.Pipe(duplex=False)
        answers, back = CONTEXT.Pipe(duplex=False)
        self._process = CONTEXT.Process(target=work, args=(theirs, back), daemon=True)
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


def work(orders: Connection, answers: Connection) -> None:
    """What ``python -m flowcheck.runners.worker`` does, on these two ends."""
    assert "tests.runners.warm" in sys.modules, "what gets the kernels ready cannot be imported"
    os.dup2(orders.fileno(), 0)
    os.dup2(answers.fileno(), 1)
    orders.close()
    answers.close()
    worker.main()
