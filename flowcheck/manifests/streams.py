"""Paths -> documents, in order: files, YAML streams, JSON values, and Lists (also nested) taken apart.

A part that is broken is refused in the journal with its line; the parts around it are still read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from flowcheck.errors import Problem
from flowcheck.manifests.documents import Document
from flowcheck.manifests.fields import string_fault, type_name
from flowcheck.manifests.files import Input, PathLike, read_inputs
from flowcheck.manifests.journal import Journal
from flowcheck.manifests.json_items import (
    CHECKED_BYTES,
    JsonError,
    check_duplicates,
    decode_json,
    split_items,
    split_values,
)
from flowcheck.manifests.names import name_fault
from flowcheck.manifests.yaml_events import Sequence, YamlError, parse_yaml, split_documents
from flowcheck.model.policy import SourceLocation

MAX_LIST_DEPTH = 8


class _Meta(msgspec.Struct, rename="camel"):
    name: Any = None
    namespace: Any = None
    generate_name: Any = None


class _Head(msgspec.Struct, rename="camel"):
    """What tells one object from another; ``spec`` only whether there is one."""

    api_version: Any = None
    kind: Any = None
    metadata: Any = None
    items: Any = None
    spec: Any = None


class _JsonHead(msgspec.Struct, rename="camel"):
    """The same of JSON text, whose parts stay undecoded until it is known what they are."""

    api_version: Any = None
    kind: Any = None
    metadata: msgspec.Raw = msgspec.Raw(b"null")
    items: msgspec.Raw = msgspec.Raw(b"null")
    spec: msgspec.Raw = msgspec.Raw(b"null")

    def head(self) -> _Head:
        """With None for what is absent, and the undecoded text for what is there."""
        raws = (self.metadata, self.items, self.spec)
        parts = (None if bytes(memoryview(raw)[:4]) == b"null" else raw for raw in raws)
        return _Head(self.api_version, self.kind, *parts)


def read_documents(paths: Iterable[PathLike], journal: Journal) -> Iterator[Document]:
    """Every object under the paths, in order."""
    for item in read_inputs(paths, journal):
        data = item.data.removeprefix(b"\xef\xbb\xbf")
        read = _json_documents if _is_json(item.name, data) else _yaml_documents
        yield from read(Input(item.name, data), journal)


def _is_json(name: str, data: bytes) -> bool:
    """By its suffix; without one that says so, text that begins like JSON and is JSON."""
    if name.endswith(".json"):
        return True
    if data.lstrip()[:1] not in (b"{", b"["):
        return False
    try:
        return any(True for _ in split_values(data))
    except JsonError:
        return False


def _yaml_documents(item: Input, journal: Journal) -> Iterator[Document]:
    try:
        item.data.decode()
    except UnicodeDecodeError as error:
        source = SourceLocation(item.name, item.data.count(b"\n", 0, error.start) + 1)
        journal.refuse([Problem("is not UTF-8", str(source), "save it as UTF-8")], source=source)
        return
    for line, part in split_documents(item.data):
        try:
            for first, tree in parse_yaml(part, line):
                if tree is not None:
                    yield from _Unpacker(item, journal).tree(tree, first)
        except YamlError as fault:
            _refuse(
                journal, SourceLocation(item.name, fault.line), f"the document {fault.message}", fault.hint
            )


def _json_documents(item: Input, journal: Journal) -> Iterator[Document]:
    try:
        for begin, value in split_values(item.data):
            if len(memoryview(value)) <= CHECKED_BYTES:
                check_duplicates(bytes(value), item.data.count(b"\n", 0, begin) + 1)
            yield from _Unpacker(item, journal).json(value, begin)
    except JsonError as fault:
        source = SourceLocation(item.name, fault.line)
        _refuse(journal, source, f"the document {fault.message.removeprefix('JSON ')}", fault.hint)


def _refuse(journal: Journal, source: SourceLocation, message: str, hint: str = "") -> None:
    journal.documents += 1
    journal.refuse([Problem(message, str(source), hint)], source=source)


class _Unpacker:
    """Takes one top-level value of a file apart. Lines of JSON are counted on from the last one asked for."""

    def __init__(self, item: Input, journal: Journal) -> None:
        self.name, self.data, self.journal = item.name, item.data, journal
        self._offset, self._line = 0, 1

    def tree(
        self, tree: Any, line: int, inherited: _Head | None = None, depth: int = 0
    ) -> Iterator[Document]:
        """The documents in a YAML tree."""
        source = SourceLocation(self.name, line)
        if not isinstance(tree, dict):
            _refuse(self.journal, source, f"is not a Kubernetes object but {type_name(tree)}")
            return
        head = _Head(*(tree.get(name) for name in ("apiVersion", "kind", "metadata", "items", "spec")))
        if not _is_list(head):
            meta = head.metadata if isinstance(head.metadata, dict) else {}
            found = _Meta(*(meta.get(name) for name in ("name", "namespace", "generateName")))
            yield from self._document(tree, source, head, found, inherited)
        elif depth == MAX_LIST_DEPTH or not isinstance(head.items, list | None):
            _refuse(self.journal, source, "is a List whose items are not a list of objects")
        else:
            items = head.items if isinstance(head.items, Sequence) else Sequence(line)
            for item, at in zip(items, items.lines, strict=True):
                yield from self.tree(item, at, head, depth + 1)

    def json(
        self, value: msgspec.Raw, begin: int, inherited: _Head | None = None, depth: int = 0
    ) -> Iterator[Document]:
        """The documents in JSON text that stands at offset ``begin`` of the file."""
        source = SourceLocation(self.name, self._line_at(begin))
        try:
            head: _Head = decode_json(value, _JsonHead).head()
        except msgspec.ValidationError:
            _refuse(self.journal, source, "is not a Kubernetes object")
            return
        if not _is_list(head):
            try:
                meta = decode_json(head.metadata, _Meta) if head.metadata is not None else _Meta()
            except msgspec.ValidationError:
                meta = _Meta()
            yield from self._document(value, source, head, meta, inherited)
            return
        try:
            items = list(split_items(self.data, head.items, begin)) if head.items is not None else []
        except msgspec.ValidationError:
            items = None
        if depth == MAX_LIST_DEPTH or items is None:
            _refuse(self.journal, source, "is a List whose items are not a list of objects")
            return
        for at, item in items:
            yield from self.json(item, at, head, depth + 1)

    def _line_at(self, offset: int) -> int:
        if offset < self._offset:
            self._offset, self._line = 0, 1
        self._line += self.data.count(b"\n", self._offset, offset)
        self._offset = offset
        return self._line

    def _document(
        self, body: Any, source: SourceLocation, head: _Head, meta: _Meta, inherited: _Head | None
    ) -> Iterator[Document]:
        """One object, if it says what it is."""
        self.journal.documents += 1
        kind, api_version = head.kind, head.api_version
        if inherited is not None and inherited.kind != "List":
            kind = kind or inherited.kind.removesuffix("List")
            api_version = api_version or inherited.api_version
        if kind is None and api_version is None and head.metadata is None and head.spec is None:
            self.journal.skip("", "", "not a Kubernetes object: neither apiVersion nor kind", source)
            return
        document = Document(
            body,
            source,
            api_version=api_version if isinstance(api_version, str) else "",
            kind=kind if isinstance(kind, str) else "",
            namespace=meta.namespace if isinstance(meta.namespace, str) else "",
            name=meta.name if isinstance(meta.name, str) else "",
        )
        if not document.kind or not document.api_version:
            missing = "kind" if not document.kind else "apiVersion"
            document.report(f"has no {missing}", "every Kubernetes object has apiVersion and kind")
            self.journal.refuse(document.problems, document.kind, document.name, source)
            return
        _name(document, meta)
        yield document


def _is_list(head: _Head) -> bool:
    return isinstance(head.kind, str) and (
        head.kind == "List" or (head.kind.endswith("List") and head.items is not None)
    )


def _name(document: Document, meta: _Meta) -> None:
    """Check name and namespace; what is wrong waits on the document. A name that is absent stays empty."""
    given = meta.name
    if given is None and isinstance(meta.generate_name, str):
        given = document.name = meta.generate_name.rstrip("-.")
    for path, value in (("metadata.name", given), ("metadata.namespace", meta.namespace)):
        if isinstance(value, str):
            fault = name_fault(value) if value or path == "metadata.name" else ""
            if fault:
                document.report(fault, path=path)
        elif value is not None:
            document.report(*string_fault(value), path=path)
