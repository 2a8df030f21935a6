"""How a file is to be read: as canonical Parquet, or as which log."""

from __future__ import annotations

from flowcheck.errors import FlowFormatError
from flowcheck.flows.canonical.schema import check_schema
from flowcheck.flows.formats import FORMATS
from flowcheck.flows.known import AUTO, CANONICAL
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.recognised import Recognised, named, recognise
from flowcheck.flows.logs.text.head import Head, head_of
from flowcheck.flows.logs.text.source import Source


def choose(source: Source, asked: Asked) -> Recognised | None:
    """Which log a file is; None for canonical Parquet, which also is what any other Parquet is taken for:
    what is wrong with it is said where it is opened.

    **Raises**: FlowFormatError where that cannot be told, or the file is surely another than it was said to
    be.
    """
    if asked.format == CANONICAL:
        return None
    head = head_of(source)
    if asked.format != AUTO:
        return named(asked.format, head, FORMATS)
    if not head.is_parquet:
        if not head.data:
            raise FlowFormatError("is empty")
        return recognise(head, FORMATS)
    if head.schema is None or _is_canonical(head) or not any(f.recognise(head) for f in FORMATS):
        return None
    return recognise(head, FORMATS)


def _is_canonical(head: Head) -> bool:
    assert head.schema is not None
    try:
        check_schema(head.schema, "")
    except FlowFormatError:
        return False
    return True
