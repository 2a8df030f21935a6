"""Judging by worker processes of this machine, which start before the cluster is loaded."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

import msgspec

from flowcheck.flows.files.hashes import InputHashes
from flowcheck.flows.files.inputs import InputFile
from flowcheck.runners.fetching.ahead import Ahead
from flowcheck.runners.judges.interface import Work
from flowcheck.runners.judges.judging import Judging
from flowcheck.runners.merged import Merged
from flowcheck.runners.pool import Pool
from flowcheck.runners.request import AuditRequest

SMALL_INPUT = 4 << 20
"""Bytes below which a second worker would cost more than it does, and judging takes no time to speak of."""


class Workers:
    """The workers of one run."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @property
    def program(self) -> BinaryIO:
        return self._pool.program

    def judge(self, work: Work) -> int:
        with InputHashes(work.hashed) as hashes, _fetching(work) as ahead:
            judging = Judging(work.plan, work.merged, self._pool, work.workspace, work.report, ahead)
            judging.judge(work.setup, work.meanwhile)
            self._pool.dismiss()
            _add_hashes(work.merged, hashes)
        return judging.rows_done


@contextmanager
def workers(request: AuditRequest, inputs: Sequence[InputFile]) -> Iterator[Workers]:
    """One a core, or as many as are asked for."""
    with Pool(_n_workers(request, inputs), request.cache) as pool:
        yield Workers(pool)


def is_small(inputs: Sequence[InputFile]) -> bool:
    return sum(each.identity.size for each in inputs if not each.skipped) < SMALL_INPUT


def _n_workers(request: AuditRequest, inputs: Sequence[InputFile]) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return request.jobs or (1 if is_small(inputs) else cores)


def _add_hashes(merged: Merged, hashes: InputHashes) -> None:
    """Of what was judged; what was refused has its own already."""
    for number, entry in merged.entries.items():
        if entry.status == "judged":
            sha256 = hashes.of(number) or entry.sha256
            merged.entries[number] = msgspec.structs.replace(entry, sha256=sha256)


def _fetching(work: Work) -> Ahead:
    """What fetches the objects among the files. Where a time is asked for, part of one may do."""
    inputs = [state.input for state in work.plan.files]
    return Ahead(inputs, work.workspace.folder, look=work.setup.asks_time, hashed=bool(work.hashed))
