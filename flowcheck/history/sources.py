"""Paths -> documents, in order: files, YAML streams, JSON values, watch streams and audit logs.

A part that is broken is refused in the journal with its line, or left out where it is not for Kubernetes;
the parts around it are still read. Each document knows when it was so; the events of a watch come after the
other documents of their file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from flowcheck.errors import Problem
from flowcheck.history.dating import listed_again, place_events
from flowcheck.history.inventory.rows import Row, documents_of
from flowcheck.history.sightings import At, When
from flowcheck.manifests.documents import Document
from flowcheck.manifests.files.logs import SUFFIX as LOG
from flowcheck.manifests.files.packed import plain_name
from flowcheck.manifests.files.paths import Input, PathLike, read_inputs
from flowcheck.manifests.files.unreadable import as_utf8, give_up, refuse_encoding, refuse_yaml
from flowcheck.manifests.journal import Journal
from flowcheck.manifests.shapes import Unpacker
from flowcheck.manifests.text.json_items import CHECKED_BYTES, JsonError, check_duplicates, split_values
from flowcheck.manifests.text.templates import is_chart_template
from flowcheck.manifests.text.yaml_events import YamlError, parse_yaml, split_documents

TableReader = Callable[[Input, Journal], Iterable[Row]]
LINES = (".jsonl", ".ndjson")
MAX_BROKEN_VALUES = 20
"""Of one JSON file; after so many the rest is not looked at."""


def read_documents(
    paths: Iterable[PathLike], journal: Journal, at: At = None, tables: TableReader | None = None
) -> Iterator[Document]:
    """Every object under the paths, in order. ``at`` is the time of files whose names tell none; ``tables``
    reads the files that are Parquet, which are refused as no text without it."""
    for item in read_inputs(paths, journal, at):
        if tables is not None and item.data[:4] == b"PAR1":
            for row in tables(item, journal):
                yield from documents_of(row, journal)
            continue
        yield from _documents(item, journal)


def _documents(item: Input, journal: Journal) -> Iterator[Document]:
    """The objects of one file of text."""
    before = journal.taken
    try:
        item = replace(item, data=as_utf8(item.data))
    except UnicodeDecodeError as error:
        refuse_encoding(item, error, journal)
        return
    if is_chart_template(item.name, item.data):
        give_up(item, item.data, 0, Problem("is a template"), journal)
        return
    read = _json_documents if _is_json(item.name, item.data) else _yaml_documents
    unpacker = Unpacker(item.name, item.data, journal)
    when = None if item.time is None else When(item.time)
    for document in read(item, unpacker, journal):
        if document.when is None:
            document.when = when
        yield document
    yield from _events(item, unpacker, journal)
    if item.named and before == journal.taken:
        journal.warnings.append(f"{item.name} holds no Kubernetes object: nothing was taken from it")
        journal.foreign.pop(item.name, None)


def _events(item: Input, unpacker: Unpacker, journal: Journal) -> Iterator[Document]:
    """The objects that a watch tells of."""
    again = listed_again(unpacker.events)
    if again is not None:
        journal.broken_watches.add(item.name)
        journal.warnings.append(
            f"{again.source} {again.kind} {again.name} is listed a second time: the watch began anew, "
            "and what went away in between is not told; keep each watch in a file of its own"
        )
    place_events(unpacker.events)
    yield from (event.document for event in unpacker.events)


def _is_json(name: str, data: bytes) -> bool:
    """By its suffix; without one that says so, text that begins like JSON and is JSON, if it is no log."""
    name = plain_name(name)
    if name.endswith((".json", *LINES)):
        return True
    if data.lstrip()[:1] not in (b"{", b"["):
        return False
    if name.endswith(LOG):
        return True
    try:
        return any(True for _ in split_values(data))
    except JsonError:
        return False


def _yaml_documents(item: Input, unpacker: Unpacker, journal: Journal) -> Iterator[Document]:
    try:
        item.data.decode()
    except UnicodeDecodeError as error:
        refuse_encoding(item, error, journal)
        return
    for line, part in split_documents(item.data):
        try:
            for first, tree in parse_yaml(part, line):
                if tree is not None:
                    yield from unpacker.tree(tree, first)
        except YamlError as fault:
            problem = Problem(f"the document {fault.message}", hint=fault.hint)
            refuse_yaml(item, part, line, fault.line, problem, journal)


def _json_documents(item: Input, unpacker: Unpacker, journal: Journal) -> Iterator[Document]:
    """The JSON values of a file. In a stream, reading goes on after a broken one at the next line that
    opens an object."""
    begin = 0
    for _ in range(MAX_BROKEN_VALUES):
        try:
            for at, value in split_values(item.data, begin):
                begin = at
                if len(item.data) <= CHECKED_BYTES:
                    check_duplicates(bytes(value), unpacker.line_at(begin))
                yield from unpacker.json(value, begin)
            return
        except JsonError as fault:
            message = f"the document {fault.message.removeprefix('JSON ')}"
            give_up(item, item.data[begin:], fault.line, Problem(message, hint=fault.hint), journal)
            begin = item.data.find(b"\n{", max(begin, fault.offset)) + 1
        if not begin or not (unpacker.is_stream or plain_name(item.name).endswith((*LINES, LOG))):
            return
