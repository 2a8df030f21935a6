"""What a worker opens: canonical Parquet as it is, and of a log the rows that it is converted to first."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from flowcheck.errors import FlowFormatError
from flowcheck.flows.canonical.rows import BATCH_ROWS
from flowcheck.flows.canonical.schema import schema_warnings
from flowcheck.flows.files.accounting import Accounted, account
from flowcheck.flows.files.footer import Footer
from flowcheck.flows.files.inputs import FileIdentity
from flowcheck.flows.formats.chosen import choose
from flowcheck.flows.formats.parquet import FlowFile
from flowcheck.flows.formats.stored import decoding
from flowcheck.flows.known import AUTO, CANONICAL
from flowcheck.flows.logs.converted import convert
from flowcheck.flows.logs.recognised import Recognised
from flowcheck.flows.logs.text.head import head_of
from flowcheck.flows.logs.text.source import Source
from flowcheck.results.records.ledger import Stored
from flowcheck.runners.messages import (
    Converted,
    FileOrder,
    Inspect,
    Inspected,
    Judge,
    Look,
    Looked,
    Setup,
    converted_name,
)
from flowcheck.runners.tasks.part_file import part_errors

CAREFUL_ROWS = BATCH_ROWS >> 4
"""Rows decoded at once where a whole batch took too much memory."""


class OpenFile:
    """The file of the last order. The next is often of the same: then its footer need not be checked again,
    nor a row group be decoded from its start."""

    def __init__(self) -> None:
        self.asked: tuple[int | None, int | None] = None, None
        """The time that is asked for: see :class:`FlowFile`."""
        self._file: FlowFile | None = None
        self._known: tuple[object, ...] = ()

    def of(self, order: FileOrder) -> FlowFile:
        careful = order.attempt > 0
        known = (order.file, order.path, order.identity, careful)
        if self._file is None or self._known != known:
            self.close()
            converted = isinstance(order, Judge) and order.converted
            asked = (None, None) if converted else self.asked
            path, identity = os.fsdecode(order.path), FileIdentity(*order.identity)
            self._file = FlowFile(path, identity, order.keys, asked)
            self._file.batch_rows = CAREFUL_ROWS if careful else BATCH_ROWS
            self._known = known
        return self._file

    def close(self) -> None:
        """Forget the file, and whatever of it was half read."""
        file, self._file = self._file, None
        if file is not None:
            file.close()


def inspect(
    order: Inspect,
    setup: Setup,
    files: OpenFile,
    advance: Callable[[int], None],
    hold_on: Callable[[], None],
) -> Inspected:
    """Check a file, and convert it where it is a log. Parquet that has canonical columns is no log; what is
    wrong with other Parquet is said of these columns, where it is no log either. ``advance`` hears of batches
    of rows, ``hold_on`` of what is read before there are any.

    **Raises**: FlowFormatError, PartError, OSError.
    """
    asked = setup.asked.format
    with Source(os.fsdecode(order.path), FileIdentity(*order.identity), order.keys) as source:
        source.heard = hold_on
        refused: FlowFormatError | None = None
        if asked == CANONICAL or (asked == AUTO and source.is_parquet):
            try:
                return _canonical(order, files.of(order))
            except FlowFormatError as error:
                if asked == CANONICAL:
                    raise
                refused = error
        recognised = choose(head_of(source), setup.asked)
        if recognised is None:
            assert refused is not None
            raise refused
        return _converted(order, setup, source, recognised, advance)


def look(order: Look, files: OpenFile) -> Looked:
    """Which bytes of a file nobody will ask for: none of what is not canonical, which is read as a whole."""
    file = None
    try:
        file = FlowFile(os.fsdecode(order.path), FileIdentity(*order.identity), order.keys, files.asked)
        return Looked(order.file, tuple(file.unread()))
    except FlowFormatError:
        return Looked(order.file, ())
    finally:
        if file is not None:
            file.close()


def _canonical(order: Inspect, file: FlowFile) -> Inspected:
    stored = _stored(file.footer, file.account())
    warnings = schema_warnings(file.schema, [name for name, _ in order.keys])
    told = (stored, tuple(file.columns), tuple(sorted(file.left_out)))
    return Inspected(order.file, tuple(file.row_groups), tuple(warnings), None, *told)


def _stored(footer: Footer, found: Accounted) -> Stored:
    checksums = "none" if not found.checked else "all" if found.checked == found.pages else "some"
    return Stored(
        writer=footer.writer,
        version=footer.version,
        pages=found.pages,
        checksums=checksums,
        padding=found.padding,
    )


def _converted(
    order: Inspect, setup: Setup, source: Source, recognised: Recognised, advance: Callable[[int], None]
) -> Inspected:
    stored = None
    if source.is_parquet:
        with decoding(source):
            stored = _stored(source.footer, account(source.descriptor, source.footer))
    name = converted_name(order.file)
    path = Path(setup.folder) / name
    with part_errors(), open(path, "wb") as out:
        conversion = convert(source, recognised, setup.asked, out, lambda _: advance(0))
    if conversion.unfit and setup.program:
        path.unlink()
        raise FlowFormatError(conversion.unfit, hint="`flowcheck convert` reads it all the same")
    with FlowFile(str(path)) as file:
        converted = Converted(conversion, name, file.identity)
        return Inspected(order.file, tuple(file.row_groups), conversion.warnings, converted, stored)
