"""Worker processes: start them early, give each one order at a time, notice when one dies.

Workers are fresh interpreters, not forks, so that a notebook's threads do not matter and a hostile file
meets a process that holds nothing else. They import while the parent still loads the cluster.
"""

from __future__ import annotations

import selectors
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

from flowcheck.errors import RunError
from flowcheck.runners.messages import Answer, Judge, Order, Ready, Setup, receive_answer, send
from flowcheck.runners.process import start, take_or_start

START_ATTEMPTS = 3


class Worker:
    """One process and the order it is on."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.order: Order | None = None
        self.ready = False

    @property
    def orders(self) -> BinaryIO:
        assert self.process.stdin is not None
        return self.process.stdin  # type: ignore[return-value]

    @property
    def answers(self) -> BinaryIO:
        assert self.process.stdout is not None
        return self.process.stdout  # type: ignore[return-value]

    def end(self) -> str:
        """Kill the process if it still runs; says how it ended."""
        with suppress(OSError):
            self.process.stdin.close()  # type: ignore[union-attr]
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(0.2)
        self.process.kill()
        code = self.process.wait()
        self.answers.close()
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"


class Pool:
    """Up to ``size`` workers, which all inherit the file ``program``. Use as a context manager: leaving it
    ends them all."""

    def __init__(self, size: int, cache: bool = True) -> None:
        self._cache = cache
        self._setup: Setup | None = None
        self._selector = selectors.DefaultSelector()
        first = take_or_start(cache=cache)
        self.program = first.program
        self._workers = [self._watched(first.process), *(self._start() for _ in range(size - 1))]
        self._failed_starts = 0

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
        self.program.close()

    def prepare(self, setup: Setup) -> None:
        """Tell every worker, and every one that replaces it, what to judge by."""
        self._setup = setup
        for worker in list(self._workers):
            self._give(worker, setup)

    def idle(self) -> Iterator[Worker]:
        return (worker for worker in self._workers if worker.order is None)

    def busy(self) -> bool:
        return any(worker.order is not None for worker in self._workers)

    def judging(self) -> bool:
        return any(isinstance(worker.order, Judge) for worker in self._workers)

    def give(self, worker: Worker, order: Order) -> None:
        worker.order = order
        self._give(worker, order)

    def answers(self, timeout: float) -> list[tuple[Worker, Order, Answer | str | None]]:
        """What came in; for a worker that died, how it did (text), with the order it was on.

        None stands for the death of a worker that had not begun: it says nothing about the order.
        """
        came: list[tuple[Worker, Order, Answer | str | None]] = []
        for key, _ in self._selector.select(timeout):
            worker: Worker = key.data
            answer = receive_answer(worker.answers)
            order = worker.order
            if answer is None:
                cause = self._replace(worker)
                if order is not None:
                    came.append((worker, order, cause if worker.ready else None))
            elif isinstance(answer, Ready):
                worker.ready = True
                self._failed_starts = 0
            elif order is not None:
                came.append((worker, order, answer))
        return came

    def _start(self) -> Worker:
        return self._watched(start(self.program, cache=self._cache))

    def _watched(self, process: subprocess.Popen[bytes]) -> Worker:
        worker = Worker(process)
        self._selector.register(worker.answers, selectors.EVENT_READ, worker)
        return worker

    def _give(self, worker: Worker, order: Order) -> None:
        with suppress(BrokenPipeError):  # its death is noticed where answers are read
            send(worker.orders, order)

    def _replace(self, worker: Worker) -> str:
        self._selector.unregister(worker.answers)
        cause = worker.end()
        self._workers.remove(worker)
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts > START_ATTEMPTS + len(self._workers):
                raise RunError(
                    f"worker processes cannot be started ({cause})",
                    hint="run `flowcheck doctor`; the cause stands above on standard error",
                )
        fresh = self._start()
        self._workers.append(fresh)
        if self._setup is not None:
            self._give(fresh, self._setup)
        return cause
