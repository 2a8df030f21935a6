"""A file's text -> the objects in it, in order: YAML streams, JSON values, watch streams and audit logs.

A part that is broken is refused in the journal with its line, or left out where it is not for Kubernetes;
the parts around it are still read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flowcheck.errors import Problem
from flowcheck.manifests.envelopes import Enveloped, holds_note
from flowcheck.manifests.files.logs import SUFFIX as LOG
from flowcheck.manifests.files.packed import plain_name
from flowcheck.manifests.files.paths import Input
from flowcheck.manifests.files.unreadable import as_utf8, give_up, refuse_encoding, refuse_yaml
from flowcheck.manifests.identity import JsonHead
from flowcheck.manifests.journal import Journal
from flowcheck.manifests.shapes import Unpacker
from flowcheck.manifests.text.json_items import CHECKED_BYTES, JsonError, check_duplicates, split_values
from flowcheck.manifests.text.templates import is_chart_template
from flowcheck.manifests.text.yaml_events import YamlError, parse_yaml, split_documents

LINES = (".jsonl", ".ndjson")
_WATCH, _HEAD = b'{"type":"BOOKMARK"', 1 << 10
"""How a watch of flowcheck's own begins, and the bytes in which it says that it is one."""
MAX_BROKEN_VALUES = 20
"""Of one JSON file; after so many the rest is not looked at."""


def read_objects(item: Input, journal: Journal) -> Iterator[Enveloped]:
    """The objects of one file of text, each in its envelope if it has one."""
    before = journal.taken
    try:
        item = replace(item, data=as_utf8(item.data))
    except UnicodeDecodeError as error:
        refuse_encoding(item, error, journal)
        return
    if item.data.startswith(_WATCH) and not item.data.endswith(b"\n") and holds_note(item.data[:_HEAD]):
        item = replace(item, data=item.data[: item.data.rfind(b"\n") + 1])  # its last line is being written
    if is_chart_template(item.name, item.data):
        give_up(item, item.data, 0, Problem("is a template"), journal)
        return
    read = _json_documents if _is_json(item.name, item.data) else _yaml_documents
    yield from read(item, Unpacker(item.name, item.data, journal), journal)
    if item.named and before == journal.taken:
        journal.warnings.append(f"{item.name} holds no Kubernetes object: nothing was taken from it")
        journal.foreign.pop(item.name, None)


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
        return any(True for _ in split_values(data, JsonHead))
    except JsonError:
        return False


def _yaml_documents(item: Input, unpacker: Unpacker, journal: Journal) -> Iterator[Enveloped]:
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


def _json_documents(item: Input, unpacker: Unpacker, journal: Journal) -> Iterator[Enveloped]:
    """The JSON values of a file. In a stream, reading goes on after a broken one at the next line that
    opens an object."""
    begin = 0
    for _ in range(MAX_BROKEN_VALUES):
        try:
            for at, value, head in split_values(item.data, JsonHead, begin):
                begin = at
                if len(item.data) <= CHECKED_BYTES:
                    check_duplicates(bytes(value), unpacker.line_at(begin))
                yield from unpacker.json(value, begin, head)
            return
        except JsonError as fault:
            message = f"the document {fault.message.removeprefix('JSON ')}"
            line = fault.line or unpacker.line_at(begin)
            give_up(item, item.data[begin:], line, Problem(message, hint=fault.hint), journal)
            begin = item.data.find(b"\n{", max(begin, fault.offset)) + 1
        if not begin or not (unpacker.is_stream or plain_name(item.name).endswith((*LINES, LOG))):
            return
