"""Trying again, with a longer pause each time: what is worth it, and for how long."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from flowcheck.live.server import BusyError

T = TypeVar("T")
TRIES = 6
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds."""


def pauses() -> Iterator[float]:
    """Seconds to wait, each about twice the one before, without an end."""
    pause = FIRST_PAUSE
    while True:
        yield pause * random.uniform(0.75, 1.25)
        pause = min(2 * pause, LONGEST_PAUSE)


def patiently(ask: Callable[[], T], sleep: Callable[[float], object] = time.sleep) -> T:
    """The answer, of the TRIES-th try at the latest.

    Raises: what the last try raised; anything but BusyError at once.
    """
    waits = pauses()
    for _ in range(TRIES - 1):
        try:
            return ask()
        except BusyError as busy:
            pause = next(waits)
            sleep(pause if busy.after is None else min(max(pause, busy.after), LONGEST_PAUSE))
    return ask()
