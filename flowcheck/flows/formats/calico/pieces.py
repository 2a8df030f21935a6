"""The records of a log, however they are laid out: one a line, or as one JSON document.

A search answers with ``{"hits":{"hits":[...]}}``, lists are ``{"items":[...]}``, ``{"flows":[...]}`` or
``[...]``, and programs print objects over several lines. Documents are read a piece at a time, so that their
size does not matter; their records have no lines, and are numbered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from flowcheck.flows.formats.calico.records import Flow, flow_of
from flowcheck.flows.logs.text.head import Head, head_of
from flowcheck.flows.logs.text.source import BLOCK, MOST_LINE, Source
from flowcheck.flows.logs.text.wrapped import Unwrapper

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*("?)|[{}\[\]]', re.DOTALL)
_OPENING, _CLOSING = frozenset((b"{", b"[")), frozenset((b"}", b"]"))
_MARKS = frozenset(
    b'"%s"' % name for name in (b"_source", b"flow", b"Key", b"start_time", b"startTime", b"source_namespace")
)
"""Names in a record, or just around it."""
_FIRST = 50
AT_ONCE = 1 << 12
Piece = tuple[int, bytes]


def first_flows(head: Head) -> list[Flow]:
    """The first records of a log, as far as its beginning has them."""
    if head.is_parquet:
        return []
    if found := _in_lines(head):
        return found
    texts = islice(_split([head.data]), _FIRST)
    return [flow for _, text in texts if (flow := flow_of(text)) is not None]


def _in_lines(head: Head) -> list[Flow]:
    """Records that have a line each."""
    found = [flow_of(line.encode()) for line in head.lines[:_FIRST]]
    return [flow for flow in found if flow is not None and flow.reporter is not None]


def pieces(source: Source) -> Iterator[list[Piece]]:
    """(position, text) of each record, some thousands at a time; no text where a record is cut off.

    **Raises**: FlowFormatError where the log is packed, and damaged.
    """
    head = head_of(source)
    if _in_lines(head) or _around(head.data) is None:
        yield from _lines(source)
        return
    found: list[Piece] = []
    for piece in _split(_blocks(source)):
        found.append(piece)
        if len(found) == AT_ONCE:
            yield found
            found = []
    yield found


def _lines(source: Source) -> Iterator[list[Piece]]:
    unwrapper = Unwrapper()
    last = 0
    for lines in source.lines():
        yield list(unwrapper.unwrap(lines))
        last = lines.first + len(lines.texts)
    yield [(last, b"")] * unwrapper.rest()


def _blocks(source: Source) -> Iterator[bytes]:
    with source.stream() as stream:
        while block := source.take(stream, BLOCK):
            yield block


def _around(data: bytes) -> bytes | None:
    """The brackets that are open where the records stand; None where nothing looks like one."""
    opened = bytearray()
    for found in _TOKEN.finditer(data):
        token = found[0]
        if token in _OPENING:
            opened += token
        elif token in _CLOSING:
            del opened[-1:]
        elif token in _MARKS:
            return bytes(opened[: opened.rfind(b"[") + 1])
    return None


def _split(blocks: Iterable[bytes]) -> Iterator[Piece]:
    """The objects that stand in the brackets where the first record does."""
    splitter = None
    for block in blocks:
        if splitter is None:
            around = _around(block)
            if around is None:
                return
            splitter = _Splitter(around)
        yield from splitter.feed(block)
    if splitter is not None:
        yield from splitter.rest()


class _Splitter:
    """What is fed, as objects. ``_at``: up to where ``_data`` was looked at; ``_begin``: where the object
    begins that is open, -1 between two."""

    def __init__(self, around: bytes) -> None:
        self._around, self._opened, self._data = around, bytearray(), b""
        self._at, self._begin, self._position = 0, -1, 0

    def feed(self, block: bytes) -> Iterator[Piece]:
        kept = self._at if self._begin < 0 else self._begin
        self._data, self._at = self._data[kept:] + block, self._at - kept
        self._begin = min(self._begin, 0)
        at = self._at
        for found in _TOKEN.finditer(self._data, at):
            token, at = found[0], found.end()
            if token in _OPENING:
                if token == b"{" and self._opened == self._around:
                    self._begin = found.start()
                self._opened += token
            elif token in _CLOSING:
                del self._opened[-1:]
                if self._begin >= 0 and self._opened == self._around:
                    yield self._piece(self._data[self._begin : at])
            elif not found[1]:  # a text that goes on in the next block
                at = found.start()
                break
        else:
            at = len(self._data)
        self._at = at
        if len(self._data) - max(self._begin, 0) > MOST_LINE and self._begin >= 0:
            yield self._piece(b"")
        if len(self._data) - at > MOST_LINE:
            self._at = len(self._data)

    def rest(self) -> Iterator[Piece]:
        if self._begin >= 0:
            yield self._piece(b"")

    def _piece(self, text: bytes) -> Piece:
        self._begin, self._position = -1, self._position + 1
        return self._position - 1, text
