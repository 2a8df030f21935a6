"""Calls that may wait long for a store, made by threads: who waits for them can be interrupted, and ends at
once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from threading import Lock, Thread
from typing import TypeVar

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
        Thread(target=run, daemon=True).start()
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
