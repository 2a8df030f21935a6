"""Signals that end a run: all in the same way, with what was finished kept, and with a code that tells which.

What was ignored when the command began stays so: ``nohup`` means it.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = {
    signal.SIGINT: "interrupted",
    signal.SIGTERM: "terminated",
    signal.SIGHUP: "the terminal was closed",
    signal.SIGQUIT: "quit",
}
SENTENCE = "{}; what was finished is kept where -o was given (--resume goes on)"


class Terminated(BaseException):
    """One of these signals arrived. Not an Exception, so that nothing on the way takes it for a fault to work
    around. As text: what is said of a run that a signal ends as it is meant to; empty of any other."""


class Signals:
    """``came``: the first that did."""

    def __init__(self) -> None:
        self.came: signal.Signals | None = None

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Raise Terminated for the first of them. More of them change nothing: it is on its way out."""
        before = {number: signal.getsignal(number) for number in ENDING}
        ours = [number for number, handler in before.items() if handler not in (signal.SIG_IGN, None)]
        for number in ours:
            signal.signal(number, self._hear)
        try:
            yield
        finally:
            for number in ours:
                signal.signal(number, before[number])

    @property
    def sentence(self) -> str:
        return SENTENCE.format(ENDING[self.came or signal.SIGINT])

    def told(self, ended: BaseException) -> str:
        """What is said of a run that this ended."""
        own = str(ended) if isinstance(ended, Terminated) else ""
        return f"{ENDING[self.came or signal.SIGINT]}; {own}" if own else self.sentence

    @property
    def code(self) -> int:
        """As a shell has it of a process that the signal ended."""
        return 128 + (self.came or signal.SIGINT)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        first, self.came = self.came is None, self.came or signal.Signals(number)
        if first:
            sys.unraisablehook = _say_nothing
            raise Terminated


def _say_nothing(_: object) -> None:
    """What was being made when the signal came is taken apart half made, which may go wrong, and matters no
    more."""
