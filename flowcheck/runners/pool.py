"""Worker processes: start them early, give each one order at a time, notice when one dies, or gets nowhere.

Workers are fresh interpreters, not forks, so that a notebook's threads do not matter and a hostile file
meets a process that holds nothing else. They import while the parent still loads the cluster. It waits
for no single one of them: neither to be heard nor to hear.
"""

from __future__ import annotations

import selectors
import subprocess
import time
import warnings
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from flowcheck.counted import counted
from flowcheck.errors import RunError
from flowcheck.runners.handle import Worker
from flowcheck.runners.messages import (
    MEMORY,
    NO_PROGRESS,
    PATIENCE,
    Advanced,
    Answer,
    Failed,
    FileOrder,
    Judge,
    Ready,
    Setup,
    answers_to,
)
from flowcheck.runners.process import start, take_or_start
from flowcheck.shortages import shortage_error

START_ATTEMPTS = 3
MOST_COUNTED = 1.0
"""Seconds that one look at the workers counts for at most: if this process was busy, or stopped itself,
nobody knows what they did meanwhile."""


class Gone(NamedTuple):
    """A worker that died or was killed, on an order. ``reason``, as the ledger has it, and ``how`` complete
    "the process that read it ...". ``begun``: it was ready; else its end says nothing about the order."""

    reason: str
    how: str
    begun: bool


Came = tuple[FileOrder, Answer | Gone]


class Pool:
    """Up to ``size`` workers, which all inherit the file ``program``. Use as a context manager: leaving it
    ends them all.

    **Raises**: RunError where none can be started; with fewer than ``size`` it warns.
    """

    def __init__(self, size: int, cache: bool = True) -> None:
        self._cache = cache
        self._setup: Setup | None = None
        self._patience = PATIENCE
        self._selector = selectors.DefaultSelector()
        self._workers: list[Worker] = []
        self._failed_starts = 0
        self._program: BinaryIO | None = None
        self._looked = time.monotonic()
        try:
            first = take_or_start(cache=cache)
            self._program = first.program
            self._watched(first.process)
            for _ in range(size - 1):
                self._start()
        except (OSError, MemoryError) as error:
            self._go_on_with_fewer(size, error)

    def __enter__(self) -> Pool:
        return self

    @property
    def program(self) -> BinaryIO:
        """The file without a name that all workers inherit."""
        assert self._program is not None
        return self._program

    def dismiss(self) -> None:
        """End all workers, without waiting for it."""
        for worker in self._workers:
            worker.process.kill()

    def __exit__(self, *_: object) -> None:
        self.dismiss()
        for worker in self._workers:
            worker.end()
        self._selector.close()
        if self._program is not None:
            self._program.close()

    def watch(self, descriptor: int) -> None:
        """Have :meth:`answers` return, too, when there is something to read here."""
        self._selector.register(descriptor, selectors.EVENT_READ)

    def prepare(self, setup: Setup) -> None:
        """Tell every worker, and every one that replaces it, what to judge by."""
        self._setup = setup
        self._patience = setup.patience
        for worker in self._workers:
            worker.ready = False
            worker.send(setup)

    def idle(self) -> Iterator[Worker]:
        return (worker for worker in self._workers if worker.order is None)

    def busy(self) -> bool:
        return any(worker.order is not None for worker in self._workers)

    def judging(self) -> bool:
        return any(isinstance(worker.order, Judge) for worker in self._workers)

    def give(self, worker: Worker, order: FileOrder) -> None:
        worker.order, worker.quiet = order, 0.0
        worker.send(order)

    def answers(self, timeout: float) -> list[Came]:
        """What came in, each with the order it is of, which is done with any answer but Advanced. Who had too
        little memory has another in its place."""
        came: list[Came] = []
        for worker in self._workers:
            if worker.unsent:
                worker.send()
                timeout = min(timeout, 0.01)
        talking: list[Worker] = [key.data for key, _ in self._selector.select(timeout) if key.data]
        for worker in talking:
            worker.quiet = 0.0
            came += self._hear(worker)
        now = time.monotonic()
        step, self._looked = min(now - self._looked, MOST_COUNTED), now
        for worker in [worker for worker in self._workers if worker not in talking and worker.order]:
            worker.quiet += step
            patience = self._patience if worker.ready else max(self._patience, PATIENCE)
            if worker.quiet > patience:
                how = f"made no progress for {patience:g} s"
                came += self._lose(worker, NO_PROGRESS, how)
        return came

    def _hear(self, worker: Worker) -> Iterator[Came]:
        try:
            for answer in worker.heard():
                if isinstance(answer, Ready):
                    worker.ready = True
                    self._failed_starts = 0
                    continue
                order = worker.order
                if order is None or not answers_to(order, answer):
                    raise ValueError("not what it was asked")
                if not isinstance(answer, Advanced):
                    worker.order = None
                yield order, answer
                if isinstance(answer, Failed) and answer.reason == MEMORY:
                    self._replace(worker, "")  # what is left in its heap may be in pieces
                    return
        except EOFError:
            yield from self._lose(worker, "reader_died", "")
        except ValueError:
            yield from self._lose(worker, "reader_died", "answered nonsense")

    def _start(self) -> Worker:
        return self._watched(start(self.program, cache=self._cache))

    def _watched(self, process: subprocess.Popen[bytes]) -> Worker:
        worker = Worker(process)
        self._selector.register(worker.answers_at, selectors.EVENT_READ, worker)
        self._workers.append(worker)
        return worker

    def _go_on_with_fewer(self, size: int, error: BaseException) -> None:
        missing = shortage_error(error, "no worker process can be started")
        if missing is None or not self._workers:
            self.__exit__()
            raise missing or error from error
        found = f"only {counted(len(self._workers), 'worker process', 'worker processes')} of {size} started"
        warnings.warn(f"{found}: {missing.message.partition(': ')[2]} ({missing.hint})", stacklevel=4)

    def _lose(self, worker: Worker, reason: str, how: str) -> Iterator[Came]:
        order, begun = worker.order, worker.ready
        cause = self._replace(worker, how)
        if order is not None:
            yield order, Gone(reason, how or f"died ({cause})", begun)

    def _replace(self, worker: Worker, how: str) -> str:
        """Start another in its place; says how it ended."""
        self._selector.unregister(worker.answers_at)
        if how:
            worker.process.kill()
        cause = worker.end()
        self._workers.remove(worker)
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts > START_ATTEMPTS + len(self._workers):
                raise RunError(
                    f"worker processes cannot be started ({how or cause})",
                    hint="run `flowcheck doctor`; the cause stands above on standard error",
                )
        try:
            fresh = self._start()
        except (OSError, MemoryError) as error:
            self._go_on_with_fewer(len(self._workers) + 1, error)
            return cause
        if self._setup is not None:
            fresh.send(self._setup)
        return cause
