"""What runs in Spark's tasks: orders in; answers, parts and violations as bytes out.

Spark's Python process opens no flow file. It has a worker of flowcheck's own do that, with a worker's limits,
so that a file which kills its reader is a failed file and no failed task. To start one takes a second: it
stays for the tasks to come, and for the runs, and ends with the process that it belongs to.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial

from msgspec.structs import replace

from flowcheck.errors import RunError
from flowcheck.flows.files.hashes import InputHashes
from flowcheck.flows.files.inputs import FileIdentity, InputFile
from flowcheck.runners import messages
from flowcheck.runners.messages import (
    Advanced,
    Answer,
    Failed,
    FileOrder,
    Inspect,
    Inspected,
    Judge,
    JudgedTask,
    Looked,
    Unwritable,
)
from flowcheck.runners.plan import tasks_of
from flowcheck.runners.pool import Gone, Pool
from flowcheck.runners.spark.arriving import arrivals
from flowcheck.runners.spark.sent import Given, Outcome, Run, Said, packed
from flowcheck.runners.troubles import Troubles
from flowcheck.temporary import temporary_folder
from flowcheck.version import __version__


class Hand:
    """The worker of this process, and the folder that it leaves parts in."""

    def __init__(self, *, cache: bool) -> None:
        self._stack = ExitStack()
        self.folder = self._stack.enter_context(temporary_folder())
        self._pool = self._stack.enter_context(Pool(1, cache))
        self._key = ""

    def close(self) -> None:
        self._stack.close()

    def prepare(self, run: Run) -> None:
        """Give the worker what this run judges by, once."""
        if run.key == self._key:
            return
        self._key = ""
        # The worker is idle: it looks at none of what it has mapped of a run before.
        file = self._pool.program
        file.seek(0)
        file.truncate()
        file.write(run.program.value)
        file.flush()
        self._pool.prepare(replace(run.setup, folder=str(self.folder)))
        self._key = run.key

    def answer(self, order: FileOrder, troubles: Troubles) -> Said:
        """**Raises**: RunError, OSError for what is no fault of the file: another may fare better."""
        while True:
            order = troubles.attempt(order)
            came = self._came(order)
            match came:
                case Gone(begun=False):
                    continue
                case Gone():
                    found = troubles.lost(order, came.reason, came.how)
                case Failed(reason=messages.MEMORY):
                    found = troubles.short_of_memory(order, came)
                case Inspected() | Looked() | JudgedTask() | Failed():
                    return came
                case Unwritable():
                    raise OSError(came.errno, came.detail, str(self.folder))
                case _:
                    raise AssertionError(came)
            if isinstance(found, Failed):
                return found
            order = found

    def _came(self, order: FileOrder) -> Answer | Gone:
        self._pool.give(next(self._pool.idle()), order)
        while True:
            for _, answer in self._pool.answers(timeout=1.0):
                if not isinstance(answer, Advanced):
                    return answer

    def taken(self, name: str) -> bytes:
        """A file of the folder, which is removed; empty where there is none."""
        path = self.folder / name
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return b""
        path.unlink()
        return content


_hands: list[Hand] = []


def _hand(run: Run) -> Hand:
    if run.version != __version__:
        raise RunError(
            f"the driver runs flowcheck {run.version}, an executor {__version__}",
            hint="install the same version where executors run",
        )
    if not _hands:
        _hands.append(Hand(cache=run.cache))
    try:
        _hands[0].prepare(run)
    except BaseException:
        _hands.pop().close()
        raise
    return _hands[0]


def judged(run: Run, given: Iterable[Given]) -> Iterator[Outcome]:
    """Do what orders ask for. A log is judged where it was made rows of, and an object of a store where it
    was fetched."""
    hand, troubles = _hand(run), Troubles()
    stored: list[Given] = []
    try:
        for one in given:
            if one.stored is not None:
                stored.append(one)
            else:
                yield from _done(hand, run, one._replace(order=_as_known_here(one.order)), troubles)
        yield from _fetched(hand, run, stored, troubles)
    except GeneratorExit:
        raise
    except BaseException:
        _hands.clear()
        hand.close()
        raise


def _done(hand: Hand, run: Run, given: Given, troubles: Troubles) -> Iterator[Outcome]:
    order = given.order
    if isinstance(order, Judge):
        yield _judged(hand, run, order, troubles)
        return
    own = [InputFile(os.fsdecode(order.path), order.identity)] if given.hashed else []
    with InputHashes(own) as hashes:
        answer = hand.answer(order, troubles)
        sha256 = hashes.of(0) if isinstance(answer, Inspected) else None
    yield from _inspected(hand, run, given, answer, sha256, troubles)


def _fetched(hand: Hand, run: Run, stored: Sequence[Given], troubles: Troubles) -> Iterator[Outcome]:
    ask = partial(hand.answer, troubles=troubles)
    for came in arrivals(stored, run.setup, hand.folder, ask):
        if isinstance(came, Outcome):
            yield came
        else:
            given, sha256 = came
            yield from _inspected(hand, run, given, ask(given.order), sha256, troubles)


def _inspected(
    hand: Hand, run: Run, given: Given, answer: Said, sha256: str | None, troubles: Troubles
) -> Iterator[Outcome]:
    """What was found of a file, and of its rows where nobody else could read them."""
    yield Outcome(given.order, answer, sha256=sha256)
    if isinstance(answer, Inspected) and (answer.converted or given.stored):
        assert isinstance(given.order, Inspect)
        for task in tasks_of(given.order, given.name, answer, hand.folder):
            yield _judged(hand, run, task, troubles)
        if answer.converted:
            hand.taken(answer.converted.name)


def _judged(hand: Hand, run: Run, order: Judge, troubles: Troubles) -> Outcome:
    answer = hand.answer(order, troubles)
    part, violations = hand.taken(f"{order.part}.part"), hand.taken(f"{order.part}.violations")
    if isinstance(answer, Failed):
        return Outcome(order, answer)
    run.rows.add(order.rows)
    return Outcome(order, answer, packed(part), violations)


def _as_known_here(order: FileOrder) -> FileOrder:
    """A shared file has other numbers on another machine. One of another size or time stays what the driver
    saw, so that its reader finds that it has changed."""
    try:
        seen = FileIdentity.of(os.stat(order.path))
    except OSError:
        return order
    same = seen[2:] == order.identity[2:]
    return replace(order, identity=seen) if same else order
