"""Calls that may wait long for a store, made by threads: who waits for them can be interrupted, and ends at
once.

No environment variable is set while they run: the stores' own libraries read them, and nothing guards that.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from threading import Condition, Lock, Thread
from typing import Generic, TypeVar

NAME = "flowcheck-store"
"""Of each of the threads."""
Given = TypeVar("Given")
Found = TypeVar("Found")


def together(function: Callable[[Given], Found], given: Iterable[Given], at_once: int) -> Iterator[Found]:
    """What the function makes of each, in their order. What is under way when nobody listens any more is
    left to itself, and the rest is not begun.

    **Raises**: what the function does, in its place.
    """
    work = [(one, Future[Found]()) for one in given]
    waiting, lock = iter(work), Lock()

    def run() -> None:
        while True:
            with lock:
                taken = next(waiting, None)
            if taken is None:
                return
            one, future = taken
            try:
                future.set_result(function(one))
            except BaseException as error:
                future.set_exception(error)

    for _ in range(min(at_once, len(work))):
        Thread(target=run, name=NAME, daemon=True).start()
    try:
        yield from (future.result() for _, future in work)
    finally:
        with lock:
            for _ in waiting:
                pass


def alone(function: Callable[[], Found]) -> Found:
    """The same of one call."""
    (found,) = together(lambda _: function(), [None], 1)
    return found


class Crew(Generic[Given]):
    """Threads that do what is asked of them, each piece of work for somebody. ``failed`` hears for whom a
    piece of work raised what."""

    def __init__(self, size: int, failed: Callable[[Given, Exception], None]) -> None:
        self._failed = failed
        self._work: deque[tuple[Given, Callable[[], None]]] = deque()
        self._changed = Condition()
        self.over = False
        self._threads = [Thread(target=self._run, name=NAME, daemon=True) for _ in range(size)]
        for thread in self._threads:
            thread.start()

    def do(self, whose: Given, *work: Callable[[], None], first: bool = False) -> None:
        """After, or ``first`` before, all else that was asked."""
        items = [(whose, one) for one in work]
        with self._changed:
            if first:
                self._work.extendleft(reversed(items))
            else:
                self._work.extend(items)
            self._changed.notify(len(items))

    def end(self, within: float) -> bool:
        """Begin nothing more, and wait so many seconds for what is under way; whether all of it is done."""
        with self._changed:
            self.over = True
            self._work.clear()
            self._changed.notify_all()
        until = time.monotonic() + within
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._work and not self.over:
                    self._changed.wait()
                if self.over:
                    return
                whose, work = self._work.popleft()
            try:
                work()
            except Exception as error:
                self._failed(whose, error)
