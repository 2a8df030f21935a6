"""Rows of a Spark DataFrame, judged batch by batch on executors: no SparkContext is asked for anything."""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pyarrow as pa

from flowcheck.compile import Program
from flowcheck.flows.canonical.rows import BATCH_ROWS
from flowcheck.judging.frame import evaluate
from flowcheck.runners.program.given import give, read_given, sections_of
from flowcheck.runners.program.stored import write_sections

_programs: dict[str, Program] = {}
"""Of this process: the one that was asked for last."""


class Rows(NamedTuple):
    """What ``mapInArrow`` calls. ``program``: as workers read it; ``digest``: its SHA-256."""

    program: bytes
    digest: str

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The same rows, in order, with the columns that ``evaluate`` adds, as text."""
        program = self._read()
        for table in _gathered(batches):
            judged = evaluate(program, table)
            for at, field in enumerate(judged.schema):
                if pa.types.is_dictionary(field.type):
                    plain = judged.column(at).cast(field.type.value_type)
                    judged = judged.set_column(at, field.name, plain)
            yield from judged.to_batches()

    def _read(self) -> Program:
        if self.digest not in _programs:
            _programs.clear()
            with tempfile.TemporaryFile() as file:
                file.write(self.program)
                file.flush()
                _programs[self.digest] = read_given(file.fileno()).program
        return _programs[self.digest]


def rows_of(program: Program) -> Rows:
    file = io.BytesIO()
    write_sections(file, sections_of(give(program, None)))
    return Rows(file.getvalue(), hashlib.sha256(file.getvalue()).hexdigest())


def _gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Spark's batches are small: to begin with each takes longer than to judge it."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(one.num_rows for one in waiting) >= BATCH_ROWS:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting)
