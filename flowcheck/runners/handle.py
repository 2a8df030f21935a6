"""The parent's hold on one worker: what it is on, what it said, what it has not taken yet."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress

from flowcheck.runners.messages import Answer, FileOrder, Order
from flowcheck.runners.process import ending_of
from flowcheck.runners.wire import Inbox, packed

READ_AT_ONCE = 1 << 16


class Worker:
    """One process and the order it is on. ``quiet``: seconds since its last word, as far as it was listened
    to; ``unsent``: what it has not taken yet."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.begin()

    def begin(self) -> None:
        self.order: FileOrder | None = None
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
