"""The values of one file -> objects: Lists (also nested), watch events and audit entries taken apart.

``streams`` hands over one top-level value after another, as a YAML tree or as JSON text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from flowcheck.manifests import audit_log
from flowcheck.manifests.documents import Document
from flowcheck.manifests.envelopes import (
    EMPTY_EVENTS,
    EVENTS,
    Enveloped,
    Event,
    What,
    Write,
    event_time,
    holds_note,
)
from flowcheck.manifests.fields import string_fault, type_name
from flowcheck.manifests.identity import (
    Head,
    JsonHead,
    Names,
    check_metadata,
    check_name,
    head_of,
    head_of_json,
    is_broken,
)
from flowcheck.manifests.journal import Journal
from flowcheck.manifests.text.json_items import decode_json, place_items
from flowcheck.manifests.text.trees import Mapping, Sequence
from flowcheck.model.places import SourceLocation

MAX_LIST_DEPTH = 8
_INSIDE = MAX_LIST_DEPTH - 1
"""Of what stands in an event or an entry: an object or one List. kubectl prints a watch's first events so
where there are more objects than it asks for at once (500)."""


def _list_of(text: msgspec.Raw) -> tuple[str, Iterator[Head]]:
    """What JSON text is that is no object, and the heads of the objects in it if it is a list."""
    try:
        parts = decode_json(text, list[msgspec.Raw])
    except msgspec.ValidationError:
        return type_name(decode_json(text, Any)), iter(())
    heads = (head_of_json(one)[0] for one in parts if bytes(memoryview(one)[:1]) == b"{")
    return "a list", heads


def _absent(kind: Any, api_version: Any) -> str:
    """What a thing does not say of itself."""
    if kind is None and api_version is None:
        return "neither apiVersion nor kind"
    return "no kind" if kind is None else "no apiVersion"


class Unpacker:
    """Takes the top-level values of one file apart. Lines of JSON are counted on from the last one asked for.

    ``is_stream``: it holds events, not only objects.
    """

    def __init__(self, name: str, data: bytes, journal: Journal) -> None:
        self.name, self.data, self.journal = name, data, journal
        self.is_stream = False
        self._offset, self._line = 0, 1

    def tree(
        self, tree: Any, line: int, inherited: Head | None = None, depth: int = 0
    ) -> Iterator[Enveloped]:
        """The objects in a YAML tree."""
        source = SourceLocation(self.name, line)
        if not isinstance(tree, dict):
            objects = [one for one in tree if isinstance(one, dict)] if isinstance(tree, list) else []
            heads = (head_of(one)[0] for one in objects)
            self._no_object(type_name(tree), heads, source, depth)
            return
        head, meta = head_of(tree)
        if head.is_event and depth < _INSIDE:
            at = tree.lines["object"] if isinstance(tree, Mapping) else line
            yield from self._event(head, self.tree(head.object, at, depth=_INSIDE), source)
        elif not head.is_list:
            document = self._document(tree, source, head, meta, inherited, top=not depth)
            if document is not None:
                yield Enveloped(document)
        elif depth == MAX_LIST_DEPTH or not isinstance(head.items, list | None):
            self.journal.refuse_part(source, "is a List whose items are not a list of objects")
        else:
            self.journal.objects += 1
            items = head.items if isinstance(head.items, Sequence) else Sequence(line)
            for item, at in zip(items, items.lines, strict=True):
                yield from self.tree(item, at, head, depth + 1)

    def json(
        self,
        value: msgspec.Raw,
        begin: int,
        known: JsonHead | None = None,
        inherited: Head | None = None,
        depth: int = 0,
    ) -> Iterator[Enveloped]:
        """The objects in JSON text that stands at offset ``begin`` of the file, whose head may be known."""
        source = SourceLocation(self.name, self.line_at(begin))
        try:
            head, meta = head_of_json(value, known)
        except msgspec.ValidationError:
            self._no_object(*_list_of(value), source, depth)
            return
        if head.is_event and depth < _INSIDE:
            inner = self.json(head.object, self._offset_of(head.object, begin), depth=_INSIDE)
            yield from self._event(head, inner, source)
        elif head.is_list:
            yield from self._items(head, source, begin, depth)
        else:
            document = self._document(value, source, head, meta, inherited, top=not depth)
            if document is None:
                return
            if document.kind == "Event" and document.group == audit_log.GROUP:
                yield from self._entry(document, value, begin)
            else:
                yield Enveloped(document)

    def _no_object(self, what: str, heads: Iterable[Head], source: SourceLocation, depth: int) -> None:
        """Text, a number or a list is no manifest, but not in a List, nor if it is a list of objects."""
        message = f"not a Kubernetes object but {what}"
        if any(head.kind is not None and head.api_version is not None for head in heads):
            self.journal.refuse_part(source, f"is {message}", "write kind: List, and these below items:")
        elif depth:
            self.journal.refuse_part(source, f"is {message}")
        else:
            self.journal.leave_out(source, message)

    def _items(self, head: Head, source: SourceLocation, begin: int, depth: int) -> Iterator[Enveloped]:
        if depth == MAX_LIST_DEPTH or not isinstance(head.items, list | None):
            self.journal.refuse_part(source, "is a List whose items are not a list of objects")
            return
        self.journal.objects += 1
        for at, item in place_items(self.data, head.items or (), begin):
            yield from self.json(item, at, inherited=head, depth=depth + 1)

    def _event(self, head: Head, inner: Iterator[Enveloped], source: SourceLocation) -> Iterator[Enveloped]:
        """One event of a watch. An ERROR says that what comes after it is missing."""
        self.is_stream = True
        if head.type == "BOOKMARK" and holds_note(head.object):
            for document, _ in inner:
                yield Enveloped(document, Event(What.HEARD, event_time(document, head.time)))
        elif head.type in EMPTY_EVENTS:
            self.journal.documents += 1
            if head.type == "ERROR":
                self.journal.broken_watches.add(self.name)
                self.journal.warnings.append(
                    f"{source} the watch ended with an error: what came later is missing"
                )
        elif not isinstance(head.type, str) or head.type not in EVENTS:
            hint = f"one of {', '.join(EVENTS)}"
            self.journal.refuse_part(source, "is a watch event of no known type", hint)
        else:
            for document, _ in inner:
                time, since = event_time(document, head.time), event_time(document, head.since)
                yield Enveloped(document, Event(EVENTS[head.type], time, since))

    def _entry(self, document: Document, text: msgspec.Raw, begin: int) -> Iterator[Enveloped]:
        """The objects an audit entry tells of."""
        self.is_stream = True
        self.journal.audit_logs.add(self.name)
        try:
            entry = audit_log.read_entry(text)
        except audit_log.NoObjectError as lost:
            self.journal.unkept_writes[str(lost)] += 1
            return
        except (msgspec.ValidationError, ValueError) as error:
            document.report(f"is not an audit entry: {str(error).replace('`', '')}")
            self.journal.refuse(document.problems, document.kind, document.name, document.source)
            return
        if entry is None:
            return
        for inner, _ in self._inside(entry, document.source, begin):
            yield Enveloped(inner, Write(entry.what, entry.time))

    def _inside(self, entry: audit_log.Entry, source: SourceLocation, begin: int) -> Iterator[Enveloped]:
        if entry.body is not None and not entry.metadata_only:
            offset = self._offset_of(entry.body, begin)
            inherited = Head(entry.api_version, entry.kind + "List")
            yield from self.json(entry.body, offset, inherited=inherited, depth=_INSIDE)
            return
        meta = Names(entry.name, entry.namespace or None)
        document = self._document(entry.body, source, Head(entry.api_version, entry.kind), meta, None)
        if document is not None:
            yield Enveloped(document)

    def _offset_of(self, part: msgspec.Raw, begin: int) -> int:
        return max(self.data.find(memoryview(part)[:256], begin), begin)

    def line_at(self, offset: int) -> int:
        if offset < self._offset:
            self._offset, self._line = 0, 1
        self._line += self.data.count(b"\n", self._offset, offset)
        self._offset = offset
        return self._line

    def _document(
        self,
        body: Any,
        source: SourceLocation,
        head: Head,
        meta: Names,
        inherited: Head | None,
        *,
        top: bool = False,
    ) -> Document | None:
        """One object, if it says what it is. What stands at the ``top`` of a file may be something else."""
        self.journal.documents += 1
        kind, api_version = head.kind, head.api_version
        if inherited is not None and inherited.kind != "List":
            kind = kind or inherited.kind.removesuffix("List")
            api_version = api_version or inherited.api_version
        unsaid = (kind is None) + (api_version is None)
        if unsaid > (not top) and not is_broken(head, meta, kind, api_version):
            self.journal.skip("", "", f"not a Kubernetes object: {_absent(kind, api_version)}", source)
            return None
        self.journal.objects += 1
        document = Document(
            body,
            source,
            api_version=api_version if isinstance(api_version, str) else "",
            kind=kind if isinstance(kind, str) else "",
            namespace=meta.namespace if isinstance(meta.namespace, str) else "",
            name=meta.name if isinstance(meta.name, str) else "",
        )
        if not document.kind or not document.api_version:
            missing, value = ("apiVersion", api_version) if document.kind else ("kind", kind)
            if value in (None, ""):
                document.report(f"has no {missing}", "every Kubernetes object has apiVersion and kind")
            else:
                document.report(*string_fault(value), path=missing)
            self.journal.refuse(document.problems, document.kind, document.name, source)
            return None
        check_metadata(document, head.metadata)
        check_name(document, meta, self.journal.generated)
        return document
