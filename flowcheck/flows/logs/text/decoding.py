"""JSON of a log -> a typed record, or nothing where it is none."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from flowcheck.errors import FlowFormatError
from flowcheck.flows.logs.text.source import Source

MOST_DOCUMENT = 1 << 28
"""Bytes of a log that is one document, which is held whole."""
T = TypeVar("T")


def decoded(decoder: msgspec.json.Decoder[T], text: bytes) -> T | None:
    """None for what is no JSON, no UTF-8, nested past reason, or of another type."""
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def document_of(source: Source, hint: str) -> bytes:
    """All of a log that is one document.

    **Raises**: FlowFormatError where it is longer than MOST_DOCUMENT.
    """
    with source.stream() as stream:
        text = source.take(stream, MOST_DOCUMENT + 1)
    if len(text) > MOST_DOCUMENT:
        raise FlowFormatError(
            f"is one document of more than {MOST_DOCUMENT >> 20} MiB", where=source.path, hint=hint
        )
    return text
