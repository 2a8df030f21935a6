"""Limits for what must not hang nor grow: time by an alarm, memory by what the process held at its most.

Memory is VmHWM, not what may be mapped: numba and pyarrow map far more than they use.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType


class TooSlow(BaseException):
    """No Exception, so that nothing on the way takes it for a fault of the input."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raises: TooSlow after so many seconds; in the main thread only."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TooSlow(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def memory_held() -> int:
    """Bytes that this process holds now."""
    return _status("VmRSS")


def most_memory_held() -> int:
    """The most that it held since :func:`forget_most_memory`."""
    return _status("VmHWM")


def forget_most_memory() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _status(field: str) -> int:
    text = Path("/proc/self/status").read_text()
    return int(re.findall(rf"^{field}:\s+(\d+) kB$", text, re.M)[0]) << 10
