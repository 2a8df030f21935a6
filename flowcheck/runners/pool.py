"""Worker processes: start them early, give each one order at a time, notice when one dies, or gets nowhere.

Workers are fresh interpreters, not forks, so that a notebook's threads do not matter and a hostile file
meets a process that holds nothing else. They import while the parent still loads the cluster. It waits
for no single one of them: neither to be heard nor to hear.
"""

from __future__ import annotations

import os
import selectors
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from flowcheck.counted import counted
from flowcheck.errors import RunError
from flowcheck.runners.messages import (
    NO_PROGRESS,
    PATIENCE,
    Advanced,
    Answer,
    Inbox,
    Inspect,
    Judge,
    Order,
    Ready,
    Setup,
    answers_to,
    packed,
)
from flowcheck.runners.process import ending_of, take_or_start
from flowcheck.shortages import shortage_error

START_ATTEMPTS = 3
READ_AT_ONCE = 1 << 16
MOST_COUNTED = 1.0
"""Seconds that one look at the workers counts for at most: if this process was busy, or stopped itself,
nobody knows what they did meanwhile."""


class Gone(NamedTuple):
    """A worker that died or was killed, on an order. ``reason``, as the ledger has it, and ``how`` complete
    "the process that read it ...". ``begun``: it was ready; else its end says nothing about the order."""

    reason: str
    how: str
    begun: bool


Came = tuple["Worker", Inspect | Judge, Answer | Gone]


class Worker:
    """One process and the order it is on. ``quiet``: seconds since its last word, as far as it was listened
    to; ``unsent``: what it has not taken yet."""

    def __init__(self, cache: bool) -> None:
        self.process = take_or_start(cache=cache)
        self.begin()

    def begin(self) -> None:
        self.order: Inspect | Judge | None = None
        self.ready = False
        self.quiet = 0.0
        self.unsent = b""
        self.inbox = Inbox()
        for end in (self.process.stdin, self.process.stdout):
            assert end is not None
            os.set_blocking(end.fileno(), False)

    @property
    def listens_at(self) -> int:
        assert self.process.stdin is not None
        return self.process.stdin.fileno()

    @property
    def answers_at(self) -> int:
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def send(self, message: Order | None = None) -> None:
        """What it will not take now it gets later."""
        self.unsent += b"" if message is None else packed(message)
        with suppress(BlockingIOError, BrokenPipeError):  # its death is noticed where answers are read
            self.unsent = self.unsent[os.write(self.listens_at, self.unsent) :]

    def heard(self) -> Iterator[Answer]:
        """The answers that are here now. **Raises**: EOFError after the last; ValueError for nonsense."""
        with suppress(BlockingIOError):
            more = os.read(self.answers_at, READ_AT_ONCE)
            if not more:
                raise EOFError
            yield from self.inbox.take(more)

    def end(self) -> str:
        """Kill the process if it still runs; says how it ended."""
        with suppress(OSError):
            self.process.stdin.close()  # type: ignore[union-attr]
        how = ending_of(self.process)
        self.process.stdout.close()  # type: ignore[union-attr]
        return how


class Pool:
    """Up to ``size`` workers. Use as a context manager: leaving it ends them all.

    **Raises**: RunError where none can be started; with fewer than ``size`` it warns.
    """

    def __init__(self, size: int, cache: bool = True) -> None:
        self._cache = cache
        self._setup: Setup | None = None
        self._patience = PATIENCE
        self._selector = selectors.DefaultSelector()
        self._workers: list[Worker] = []
        self._failed_starts = 0
        self._looked = time.monotonic()
        try:
            for _ in range(size):
                self._start()
        except (OSError, MemoryError) as error:
            self._go_on_with_fewer(size, error)

    def __enter__(self) -> Pool:
        return self

    def dismiss(self) -> None:
        """End all workers, without waiting for it."""
        for worker in self._workers:
            worker.process.kill()

    def __exit__(self, *_: object) -> None:
        self.dismiss()
        for worker in self._workers:
            worker.end()
        self._selector.close()

    def prepare(self, setup: Setup) -> None:
        """Tell every worker, and every one that replaces it, what to judge by."""
        self._setup = setup
        self._patience = setup.patience
        for worker in self._workers:
            worker.send(setup)

    def idle(self) -> Iterator[Worker]:
        return (worker for worker in self._workers if worker.order is None)

    def busy(self) -> bool:
        return any(worker.order is not None for worker in self._workers)

    def judging(self) -> bool:
        return any(isinstance(worker.order, Judge) for worker in self._workers)

    def give(self, worker: Worker, order: Inspect | Judge) -> None:
        worker.order, worker.quiet = order, 0.0
        worker.send(order)

    def answers(self, timeout: float) -> list[Came]:
        """What came in, with who said it of which order; an order is done with any answer but Advanced."""
        came: list[Came] = []
        for worker in self._workers:
            if worker.unsent:
                worker.send()
                timeout = min(timeout, 0.01)
        talking: list[Worker] = [key.data for key, _ in self._selector.select(timeout)]
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

    def retire(self, worker: Worker) -> None:
        """Put another in the place of one that has had enough."""
        self._replace(worker, "")

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
                yield worker, order, answer
        except EOFError:
            yield from self._lose(worker, "reader_died", "")
        except ValueError:
            yield from self._lose(worker, "reader_died", "answered nonsense")

    def _start(self) -> Worker:
        worker = Worker(self._cache)
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
            yield worker, order, Gone(reason, how or f"died ({cause})", begun)

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
