"""How a log is to be read: as what it was said to be, or as what is recognised in it."""

from __future__ import annotations

from flowcheck.errors import FlowFormatError
from flowcheck.flows.formats import all_formats
from flowcheck.flows.known import AUTO
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.recognised import Recognised, candidates, named, only
from flowcheck.flows.logs.text.head import Head


def choose(head: Head, asked: Asked) -> Recognised | None:
    """Which log a file is; None for Parquet that is none.

    **Raises**: FlowFormatError where that cannot be told, or the file is surely another than it was said to
    be.
    """
    formats = all_formats()
    if asked.format != AUTO:
        return named(asked.format, head, formats)
    if not head.data:
        raise FlowFormatError("is empty")
    found = candidates(head, formats)
    return None if head.is_parquet and not found else only(found, formats)
