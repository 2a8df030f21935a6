"""Columns that stand in a file's path: folders called ``action=2``, as Hive, Spark, DuckDB and others write.

The keys of the whole path count, however much of it was named, so that a file means the same however it is
asked for. A key of no canonical column (``date=...``) is left alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import TypeAlias
from urllib.parse import unquote_to_bytes

import pyarrow as pa

from flowcheck.errors import FlowFormatError
from flowcheck.flows.canonical.numbers import LIMITS
from flowcheck.flows.canonical.schema import COLUMNS

Key: TypeAlias = tuple[str, bytes | None]
"""A column's name, and its value as text in UTF-8; None where it is missing."""

MISSING = b"__HIVE_DEFAULT_PARTITION__"
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}(\.0*)?")


def keys_of(path: str) -> tuple[Key, ...]:
    """The keys of the folders a file lies in, outermost first; names and values are percent-decoded."""
    return keys_in(os.path.abspath(path))


def keys_in(path: str) -> tuple[Key, ...]:
    """The same of a path that begins at a root: an absolute one, or a URI."""
    pairs = (part.partition(b"=") for part in os.fsencode(path).split(b"/")[:-1])
    return tuple(
        (unquote_to_bytes(name).decode("utf-8", "backslashreplace"), _value(value))
        for name, equals, value in pairs
        if name and equals
    )


def _value(text: bytes) -> bytes | None:
    return None if text == MISSING else unquote_to_bytes(text)


def key_columns(keys: Iterable[Key], where: str) -> dict[str, pa.Scalar]:
    """The canonical columns that keys tell, each with the value that all rows of the file have.

    **Raises**: FlowFormatError for a value that does not fit its column, and for two that differ.
    """
    found: dict[str, pa.Scalar] = {}
    for name, value in keys:
        if name not in COLUMNS:
            continue
        scalar = _scalar(name, value, where)
        if found.setdefault(name, scalar) != scalar:
            raise FlowFormatError(
                f"the path says {name}={found[name]} and {name}={scalar}",
                where=where,
                hint="rename one of the folders",
            )
    return found


def _scalar(name: str, value: bytes | None, where: str) -> pa.Scalar:
    kind = COLUMNS[name].kind
    if kind in ("time", "texts"):
        _refuse(name, value, "such a column cannot be told by a folder: write it into the file", where)
    if kind != "integer":
        try:
            return pa.scalar(None if value is None else value.decode(), pa.string())
        except UnicodeDecodeError:
            _refuse(name, value, "it is not UTF-8", where)
    if value is None:
        return pa.scalar(None, pa.int64())
    text = value.decode("ascii", "replace")
    low, high = LIMITS.get(name, (-(1 << 63), (1 << 63) - 1))
    if not _WHOLE.fullmatch(text) or not low <= int(text.partition(".")[0]) <= high:
        _refuse(
            name, value, "wanted an integer" + (f" from {low} to {high}" if name in LIMITS else ""), where
        )
    return pa.scalar(int(text.partition(".")[0]), pa.int64())


def _refuse(name: str, value: bytes | None, why: str, where: str) -> None:
    text = (MISSING if value is None else value[:100]).decode("utf-8", "backslashreplace")
    raise FlowFormatError(
        f"the folder {name}={text} tells a column: {why}", where=where, hint="rename the folder"
    )
