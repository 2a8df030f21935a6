"""JSON of a log -> a typed record, or nothing where it is none."""

from __future__ import annotations

from typing import TypeVar

import msgspec

T = TypeVar("T")


def decoded(decoder: msgspec.json.Decoder[T], text: bytes) -> T | None:
    """None for what is no JSON, no UTF-8, nested past reason, or of another type."""
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
