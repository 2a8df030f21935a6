"""The JSON files of a result read as the records that were written."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

MAX_JSON = 256 << 20
"""Bytes of one file: half a million findings."""
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What :func:`decode` raises."""
_HALF_PAIRS = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""A name that is not UTF-8 is written with half a surrogate pair, which msgspec refuses: it becomes the text
of its escape, as names in findings have it."""
T = TypeVar("T")


def decode(data: bytes, type_: type[T]) -> T:
    """One file as its record. **Raises**: UNREADABLE."""
    if b"\\ud" in data or b"\\uD" in data:
        data = _HALF_PAIRS.sub(_as_text, data)
    return msgspec.json.decode(data, type=type_)


def why(error: Exception) -> str:
    """What is wrong with a file, in a line."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _as_text(match: re.Match[bytes]) -> bytes:
    return b"\\" + match[1] if match[1] else match[0]
