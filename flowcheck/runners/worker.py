"""One worker process: takes orders on standard input, answers on standard output, leaves parts in a folder.

It is the only place where flow files are opened. It may be killed by one at any moment; the parent
then knows which task it was on. Run as ``python -m flowcheck.runners.worker DESCRIPTOR``, of the file that
holds what it judges by.
"""

from __future__ import annotations

import gc
import os
import select
import sys
import traceback
from pathlib import Path
from typing import BinaryIO

from flowcheck.errors import FlowFormatError
from flowcheck.flows.files.contained import MEMORY_LIMIT, allow_cpu, contain, silence
from flowcheck.flows.files.inputs import sha256_of
from flowcheck.kernels.warmup import preload
from flowcheck.runners.alone import leave_out_pandas
from flowcheck.runners.messages import (
    Advanced,
    Answer,
    Failed,
    Inspect,
    Judge,
    JudgedTask,
    Ready,
    Setup,
    Unwritable,
    receive_order,
    send,
)
from flowcheck.runners.opened import OpenFile, inspect
from flowcheck.runners.part_file import PartError
from flowcheck.runners.program.given import read_given
from flowcheck.runners.task import TaskRunner

PACKAGE = Path(__file__).parent.parent


def main(program: int) -> None:
    """Answer orders until standard input ends. ``program``: the descriptor of what is judged by."""
    contain()
    leave_out_pandas()
    orders = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not end up among the answers
    runner: TaskRunner | None = None
    setup = Setup(False, "", None, None, (), False)
    files = OpenFile()
    for _part in preload():
        if select.select([orders], [], [], 0)[0]:
            break
    while (order := receive_order(orders)) is not None:
        if isinstance(order, Setup):
            setup = order
            if order.program:
                runner = TaskRunner(read_given(program), order)
            gc.freeze()  # what is here now stays: nothing is gained by looking for garbage in it
            silence()
            send(answers, Ready())
        else:
            send(answers, _answer(order, setup, runner, files, answers))


def _answer(
    order: Inspect | Judge, setup: Setup, runner: TaskRunner | None, files: OpenFile, answers: BinaryIO
) -> Answer:
    """Do what an order asks for; a file that something went wrong with is closed."""
    answer = _try(order, setup, runner, files, answers)
    if isinstance(answer, Failed | Unwritable):
        files.close()
    return answer


def _try(
    order: Inspect | Judge, setup: Setup, runner: TaskRunner | None, files: OpenFile, answers: BinaryIO
) -> Answer:
    def advance(rows: int) -> None:
        allow_cpu()
        send(answers, Advanced(rows))

    try:
        allow_cpu()
        if isinstance(order, Inspect):
            return inspect(order, setup, files, advance)
        if runner is None:
            raise RuntimeError("an order to judge came before the program")
        return JudgedTask(order.file, order.task, runner.run(order, files.of(order), advance))
    except FlowFormatError as error:
        detail = f"{error.message}; {error.hint}" if error.hint else error.message
        return _failed(order, "unreadable", detail)
    except MemoryError:
        return _failed(order, "memory", f"needs more than {MEMORY_LIMIT >> 30} GiB to decode")
    except PartError as error:
        return Unwritable(error.errno, error.detail)
    except OSError as error:
        return _failed(order, "cannot_open", error.strerror or type(error).__name__)
    except Exception as error:  # whatever else a hostile file brings about costs that file only
        return _failed(order, "internal_error", f"{type(error).__name__} at {_place(error)}")


def _failed(order: Inspect | Judge, reason: str, detail: str) -> Failed:
    """Half a surrogate pair in a message must not keep the message from being sent."""
    text = detail.encode("utf-8", "backslashreplace").decode()
    return Failed(order.file, reason, text, sha256_of(order.path))


def _place(error: Exception) -> str:
    """Where in flowcheck it came from; never its message, which may hold input."""
    places = [
        f"{Path(frame.filename).name}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if PACKAGE in Path(frame.filename).parents
    ]
    return places[-1] if places else "an unknown place"


if __name__ == "__main__":
    main(int(sys.argv[1]))
