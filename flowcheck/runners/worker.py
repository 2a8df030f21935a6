"""One worker process: takes orders on standard input, answers on standard output, leaves parts in a folder.

It is the only place where flow files are opened. It may be killed by one at any moment; the parent
then knows which task it was on. Run as ``python -m flowcheck.runners.worker``.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import pickle
import resource
import signal
from pathlib import Path
from typing import BinaryIO

from flowcheck.errors import FlowFormatError
from flowcheck.flows.inputs import FileIdentity
from flowcheck.flows.numbers import is_naive
from flowcheck.flows.parquet import FlowFile
from flowcheck.runners.messages import (
    Advanced,
    Answer,
    Failed,
    Inspect,
    Inspected,
    Judge,
    Judged,
    Setup,
    receive_order,
    send,
)
from flowcheck.runners.task import TaskRunner

MEMORY_LIMIT = 4 << 30
"""Bytes of address space. Below 2 GiB the libraries themselves fail to load now and then."""

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Answer orders until standard input ends."""
    _contain()
    orders = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not end up among the answers
    runner: TaskRunner | None = None
    while (order := receive_order(orders)) is not None:
        if isinstance(order, Setup):
            program = pickle.loads(Path(order.program).read_bytes())
            runner = TaskRunner(program, order)
        else:
            send(answers, _answer(order, runner, answers))


def _contain() -> None:
    """Limit what a bad file can do: no core dump, bounded memory, and no life without the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY_LIMIT if hard == resource.RLIM_INFINITY else min(MEMORY_LIMIT, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _answer(order: Inspect | Judge, runner: TaskRunner | None, answers: BinaryIO) -> Answer:
    try:
        with FlowFile(order.path, FileIdentity(*order.identity)) as file:
            if isinstance(order, Inspect):
                warnings = ("start_time has no time zone; read as UTC",) if is_naive(file.schema) else ()
                return Inspected(order.file, tuple(file.row_groups), warnings)
            if runner is None:
                raise RuntimeError("an order to judge came before the program")
            part = runner.run(order, file, lambda rows: send(answers, Advanced(rows)))
            return Judged(order.file, order.task, part)
    except FlowFormatError as error:
        detail = f"{error.message}; {error.hint}" if error.hint else error.message
        return Failed(order.file, "unreadable", detail, _sha256(order.path))
    except MemoryError:
        return Failed(order.file, "memory", f"needs more than {MEMORY_LIMIT >> 30} GiB to decode")
    except OSError as error:
        return Failed(order.file, "cannot_open", error.strerror or type(error).__name__)


def _sha256(path: str) -> str | None:
    """Of a regular file, so that the one that was refused can be told from its repaired successor."""
    try:
        if not os.path.isfile(path):
            return None
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


if __name__ == "__main__":
    main()
