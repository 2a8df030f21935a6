"""Faults on order, for tests of what a run does about them. Nobody else sets the variable.

    FLOWCHECK_FAULT=KIND[,once][,judging]:PART OF A PATH

A worker that is to look at a file whose path has this part does not do it but

    sleep     does nothing, for ever
    stop      stops itself, as SIGSTOP does
    die       dies, as SIGKILL does
    lie       says that it has done another order
    babble    answers with what is no message
    memory    has not enough memory
    rave      says that it has not enough memory, and in the same breath what is no message
    full      finds the disk full
    bug       meets one
    grow      finds that the file is a byte longer, as one that is still written

    FLOWCHECK_FAULT=full-at,N:FILE

The disk is full from the Nth place on where an audit or a conversion writes: where it or a worker of it
begins to write a file of the results, a batch or the end of a part, a record for ``--resume`` or a temporary
file, or puts a result in its place; and where a result is to reach the disk. Each adds a byte to FILE, by
which all processes count together.

``once``: only at the first attempt. ``judging``: not then but when it has judged some of the rows.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from flowcheck.flows.files.inputs import sha256_of
from flowcheck.runners.messages import MEMORY, Failed, FileOrder, Judge
from flowcheck.runners.tasks.part_file import PartError
from flowcheck.runners.wire import packed
from flowcheck.writing import meeting

VARIABLE = "FLOWCHECK_FAULT"
KINDS = ("sleep", "stop", "die", "lie", "babble", "memory", "rave", "full", "bug", "grow")
FULL_AT = "full-at"
_LONG = 1 << 20


class LieError(Exception):
    """The worker is to lie."""


@dataclass(frozen=True)
class Fault:
    """One fault, and the orders that it is for."""

    kind: str
    part: str
    once: bool
    judging: bool

    def happen(self, order: FileOrder, answers: BinaryIO, *, begun: bool) -> None:
        """``begun``: some of the order is done.

        **Raises**: MemoryError, PartError, LieError, RuntimeError, as its kind is; of the others only
        ``grow`` returns.
        """
        path = order.name if isinstance(order, Judge) else os.fsdecode(order.path)
        if self.part not in path or (self.once and order.attempt):
            return
        if begun != self.judging or isinstance(order, Judge) != self.judging:
            return
        match self.kind:
            case "sleep":
                time.sleep(_LONG)
            case "stop":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "lie":
                raise LieError
            case "babble" | "rave":
                if self.kind == "rave":
                    answers.write(packed(Failed(order.file, MEMORY, "", sha256_of(order.path))))
                answers.write(bytes([255]) * 64)
                answers.flush()
                time.sleep(_LONG)
            case "memory":
                raise MemoryError
            case "full":
                raise PartError(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
            case "bug":
                raise RuntimeError(path)
            case "grow":
                with open(order.path, "ab") as file:
                    file.write(b".")


def asked_fault() -> Fault | None:
    """The fault of a worker that the environment asks for.

    **Raises**: ValueError for one that there is not: a test must not pass because of a typo.
    """
    kind, more, part = _asked()
    return Fault(kind, part, "once" in more, "judging" in more) if kind in KINDS else None


@contextmanager
def disk_as_asked() -> Iterator[None]:
    """In the block the disk is full from the place on that the environment asks for, if it does."""
    kind, more, path = _asked()
    if kind != FULL_AT:
        yield
        return

    def count() -> None:
        with open(path, "ab", buffering=0) as file:
            file.write(b".")
            if file.tell() >= int(more[0]):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    meeting.append(count)
    try:
        yield
    finally:
        meeting.remove(count)


def _asked() -> tuple[str, list[str], str]:
    """Kind, what stands behind it, and what is behind the colon; all empty where nothing is asked for."""
    text = os.environ.get(VARIABLE)
    if not text:
        return "", [], ""
    words, _, part = text.partition(":")
    kind, *more = words.split(",")
    of_a_worker = kind in KINDS and {"once", "judging"}.issuperset(more)
    of_the_disk = kind == FULL_AT and len(more) == 1 and more[0].isdecimal()
    if not part or not (of_a_worker or of_the_disk):
        named = ", ".join((*KINDS, f"{FULL_AT},N"))
        raise ValueError(f"{VARIABLE}={text}: write one of {named}, a colon and a part of a path")
    return kind, more, part
