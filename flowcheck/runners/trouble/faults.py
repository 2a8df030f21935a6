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

``once``: only at the first attempt. ``judging``: not then but when it has judged some of the rows.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from dataclasses import dataclass
from typing import BinaryIO

from flowcheck.flows.files.inputs import sha256_of
from flowcheck.runners.messages import MEMORY, Failed, Inspect, Judge
from flowcheck.runners.tasks.part_file import PartError
from flowcheck.runners.wire import packed

VARIABLE = "FLOWCHECK_FAULT"
KINDS = ("sleep", "stop", "die", "lie", "babble", "memory", "rave", "full")
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

    def happen(self, order: Inspect | Judge, answers: BinaryIO, *, begun: bool) -> None:
        """``begun``: some of the order is done.

        **Raises**: MemoryError, PartError, LieError, as its kind is; the others do not return.
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


def asked_fault() -> Fault | None:
    """The fault that the environment asks for.

    **Raises**: ValueError for one that there is not: a test must not pass because of a typo.
    """
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    words, _, part = text.partition(":")
    kind, *more = words.split(",")
    if kind not in KINDS or not part or not {"once", "judging"}.issuperset(more):
        raise ValueError(f"{VARIABLE}={text}: write one of {', '.join(KINDS)}, a colon and a part of a path")
    return Fault(kind, part, "once" in more, "judging" in more)
