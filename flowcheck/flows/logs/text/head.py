"""The beginning of a log, by which its format is recognised."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import msgspec
import pyarrow as pa

from flowcheck.errors import FlowFormatError
from flowcheck.flows.logs.text.items import in_lists, taken_apart
from flowcheck.flows.logs.text.source import HEAD, PARQUET, Lines, Source
from flowcheck.flows.logs.text.wrapped import Unwrapper

MOST_LINES = 200


class Head:
    """``data``: the first bytes, unpacked, up to HEAD; ``whole``: there are no more. ``schema``: of a Parquet
    file, None of any other, or where its footer cannot be read."""

    def __init__(self, data: bytes, *, whole: bool, schema: pa.Schema | None = None) -> None:
        self.data, self.whole, self.schema = data, whole, schema

    @property
    def is_parquet(self) -> bool:
        return self.data.startswith(PARQUET)

    @cached_property
    def lines(self) -> list[str]:
        """The first lines that are there with their ends, what was wrapped around them taken off; none of
        what is no UTF-8. The last line of a whole file needs no end."""
        if self.is_parquet:
            return []
        texts = self.data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        if not self.whole:
            texts.pop()
        kept = [text.removesuffix(b"\r") for text in texts[:MOST_LINES]]
        unwrapped = (text for _, text in Unwrapper().unwrap(Lines(0, kept)))
        return [text.decode() for text in unwrapped if _is_text(text)]

    @cached_property
    def documents(self) -> list[dict[str, Any]]:
        """Those of the lines that are JSON objects; of a file that is one JSON document, this one."""
        found = [document for line in self.lines if (document := _object(line)) is not None]
        if not found and self.whole and self.data.lstrip()[:1] == b"{":
            document = _object(self.data)
            return [] if document is None else [document]
        return found

    @cached_property
    def objects(self) -> list[dict[str, Any]]:
        """The documents; where records stand in lists or over several lines, the first of these."""
        if self.is_parquet or not in_lists(self.data):
            return self.documents
        texts, _ = taken_apart(self.data, whole=self.whole)
        return [found for text in texts[:MOST_LINES] if (found := _object(text)) is not None]


def head_of(source: Source) -> Head:
    """Raises: FlowFormatError for what is packed and damaged; OSError."""
    if source.is_parquet:
        return Head(PARQUET, whole=False, schema=_schema_of(source))
    data = source.head()
    return Head(data, whole=len(data) < HEAD)


def _schema_of(source: Source) -> pa.Schema | None:
    try:
        return source.footer.metadata.schema.to_arrow_schema()
    except (FlowFormatError, pa.ArrowException, OSError, UnicodeError):
        return None


def _is_text(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _object(text: str | bytes) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
