"""What a run asks of whoever judges its files: tasks in, sums and parts out.

Whoever that is, a file's rows are counted once or not at all, and what comes of them does not depend on who
judged which, how often, or in which order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, NamedTuple, Protocol

from flowcheck.flows.files.inputs import InputFile
from flowcheck.runners.merged import Merged
from flowcheck.runners.messages import Setup
from flowcheck.runners.plan import Plan
from flowcheck.runners.request import AuditRequest, Progress
from flowcheck.runners.workspace import Workspace

Report = Callable[[Progress], None]


class Work(NamedTuple):
    """The files of a run, in ``plan``. Sums and entries of the ledger go into ``merged``, violating rows into
    the ``workspace``. ``hashed``: the inputs whose SHA-256 is to be in the ledger. ``meanwhile``: what is
    done once all orders are given out: before, workers would wait for the next."""

    plan: Plan
    setup: Setup
    merged: Merged
    workspace: Workspace
    hashed: Sequence[InputFile]
    report: Report
    meanwhile: Sequence[Callable[[], object]] = ()


class Judges(Protocol):
    """Those of one run. ``program``: a file for what is judged by, written before :meth:`judge`."""

    @property
    def program(self) -> BinaryIO: ...

    def judge(self, work: Work) -> int:
        """Judge all files; returns how many rows were.

        **Raises**: RunError, OutputError."""
        ...


Engine = Callable[[AuditRequest, Sequence[InputFile]], AbstractContextManager[Judges]]
"""Begins before the cluster is loaded; leaving the context ends whatever still runs."""
