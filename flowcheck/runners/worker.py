"""One worker process: takes orders on standard input, answers on standard output, leaves parts in a folder.

It is the only place where flow files are opened. It may be killed by one at any moment; the parent
then knows which task it was on.
"""

from __future__ import annotations

import gc
import os
import resource
import select
import time
from typing import BinaryIO

from flowcheck.errors import FlowFormatError
from flowcheck.flows.files.contained import allow_cpu, contain, silence
from flowcheck.flows.files.inputs import sha256_of
from flowcheck.kernels.warmup import preload
from flowcheck.runners.alone import leave_out_pandas
from flowcheck.runners.messages import (
    MEMORY,
    Advanced,
    Answer,
    Failed,
    FileOrder,
    Inspect,
    Judge,
    JudgedTask,
    Look,
    Ready,
    Setup,
    Unwritable,
)
from flowcheck.runners.program.given import read_given
from flowcheck.runners.program.stored import Stored
from flowcheck.runners.tasks.opened import CAREFUL_ROWS, OpenFile, inspect, look
from flowcheck.runners.tasks.paired import SAME, Compared, PairedRunner
from flowcheck.runners.tasks.part_file import PartError
from flowcheck.runners.tasks.task import TaskRunner
from flowcheck.runners.trouble.faults import LieError, asked_fault, disk_as_asked
from flowcheck.runners.trouble.last_words import place_of
from flowcheck.runners.wire import receive_order, send
from flowcheck.shortages import shortage_of

SECONDS_BETWEEN_WORDS = 1.0
"""Of reading that has come to no row yet."""


def main(program: int) -> None:
    """Answer orders until standard input ends. ``program``: the descriptor of what is judged by."""
    contain()
    leave_out_pandas()
    orders = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not end up among the answers
    worker = Worker(answers, program)
    for _part in preload():
        if select.select([orders], [], [], 0)[0]:
            break
    with disk_as_asked():
        while (order := receive_order(orders)) is not None:
            if isinstance(order, Setup):
                worker.prepare(order)
                silence()
                send(answers, Ready())
            else:
                send(answers, worker.answer(order))


class Worker:
    """Does what orders ask for, with the program and the file of the last one."""

    def __init__(self, answers: BinaryIO, program: int) -> None:
        self._answers = answers
        self._program = program
        self._setup = Setup(False, "", None, None, (), False)
        self._runner: TaskRunner | PairedRunner | None = None
        self._files = OpenFile()
        self._fault = asked_fault()
        self._told = 0.0

    def prepare(self, setup: Setup) -> None:
        self._setup = setup
        self._files.asked = (setup.since_us, setup.until_us)
        if self._runner is not None:  # of a run before: what it was judged by goes
            self._runner = None
            self._files.close()
            gc.unfreeze()
            gc.collect()
        if setup.program:
            self._runner = self._make_runner(setup)
        gc.freeze()  # what is here now stays: nothing is gained by looking for garbage in it

    def _make_runner(self, setup: Setup) -> TaskRunner | PairedRunner:
        given = read_given(self._program)
        if setup.compared is None:
            return TaskRunner(given, setup)
        after, pairing = setup.compared
        same = Stored(self._program, pairing).load(SAME)
        return PairedRunner(Compared(given, read_given(self._program, after), same), setup)

    def answer(self, order: FileOrder) -> Answer:
        """Do what an order asks for; a file that something went wrong with is closed."""
        answer = self._try(order)
        if isinstance(answer, Failed | Unwritable):
            self._files.close()
        return answer

    def _try(self, order: FileOrder) -> Answer:
        def advance(rows: int) -> None:
            allow_cpu()
            send(self._answers, Advanced(rows))
            self._meet_fault(order, begun=True)

        try:
            allow_cpu()
            self._meet_fault(order, begun=False)
            if isinstance(order, Look):
                return look(order, self._files)
            if isinstance(order, Inspect):
                return inspect(order, self._setup, self._files, advance, self._hold_on)
            if self._runner is None:
                raise RuntimeError("an order to judge came before the program")
            return JudgedTask(order.file, order.task, self._runner.run(order, self._files.of(order), advance))
        except FlowFormatError as error:
            detail = f"{error.message}; {error.hint}" if error.hint else error.message
            return _failed(order, "unreadable", detail)
        except MemoryError:
            return _failed(order, MEMORY, _too_much(order))
        except PartError as error:
            return Unwritable(error.errno, error.detail)
        except OSError as error:
            missing = shortage_of(error)
            why = f"{missing[0]}; {missing[1]}" if missing else error.strerror or type(error).__name__
            return _failed(order, "cannot_open", why)
        except LieError:
            return JudgedTask(order.file + 1, 0, "lie")
        except Exception as error:  # whatever else a hostile file brings about costs that file only
            return _failed(
                order, "internal_error", f"{type(error).__name__} at {place_of(error.__traceback__)}"
            )

    def _hold_on(self) -> None:
        """A word, now and then, while there is nothing else to say. It allows no more processor time."""
        now = time.monotonic()
        if now - self._told > SECONDS_BETWEEN_WORDS:
            self._told = now
            send(self._answers, Advanced(0))

    def _meet_fault(self, order: FileOrder, *, begun: bool) -> None:
        if self._fault is not None:
            self._fault.happen(order, self._answers, begun=begun)


def _failed(order: FileOrder, reason: str, detail: str) -> Failed:
    """Half a surrogate pair in a message must not keep the message from being sent."""
    text = detail.encode("utf-8", "backslashreplace").decode()
    return Failed(order.file, reason, text, sha256_of(order.path))


def _too_much(order: FileOrder) -> str:
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    often = (
        f", also in batches of {CAREFUL_ROWS:,} rows" if isinstance(order, Judge) and order.attempt else ""
    )
    return f"needs more than {limit / (1 << 30):.3g} GiB to decode{often}"
