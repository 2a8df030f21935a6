"""What tells one value of a file from another, before it is read: its kind, its name, whether it is a List.

Of a YAML tree and of JSON text alike; ``shapes`` makes documents of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from flowcheck.kinds import POLICY_KINDS
from flowcheck.manifests.documents import Document
from flowcheck.manifests.fields import string_fault, type_name
from flowcheck.manifests.text.json_items import JsonError, decode_json
from flowcheck.manifests.text.templates import unrendered
from flowcheck.manifests.validation import name_fault

MAX_PREFIX = 200
_POLICY_FIELDS = ("podSelector", "policyTypes", "subject")
_NULL = msgspec.Raw(b"null")


class Names(msgspec.Struct, rename="camel", gc=False):
    """meta/v1 ObjectMeta's names."""

    name: Any = None
    namespace: Any = None
    generate_name: Any = None


class Head(msgspec.Struct, rename="camel", gc=False):
    """The top of an object, a List, or a watch event; ``spec`` only whether there is one."""

    api_version: Any = None
    kind: Any = None
    metadata: Any = None
    items: Any = None
    spec: Any = None
    type: Any = None
    object: Any = None
    time: Any = None
    since: Any = None

    @property
    def is_list(self) -> bool:
        return isinstance(self.kind, str) and (
            self.kind == "List" or (self.kind.endswith("List") and self.items is not None)
        )

    @property
    def is_event(self) -> bool:
        """A watch event: objects have a kind, and no object inside."""
        return self.kind is None and self.type is not None and isinstance(self.object, dict | msgspec.Raw)


class JsonHead(Head, gc=False):
    """The top of nearly all JSON text, with its items cut in the same go. ``spec`` and what events have stay
    undecoded, and may be null."""

    metadata: Names | None = None
    items: list[msgspec.Raw] | None = None
    spec: msgspec.Raw = _NULL
    type: msgspec.Raw = _NULL
    object: msgspec.Raw = _NULL
    time: msgspec.Raw = _NULL
    since: msgspec.Raw = _NULL


class _OddHead(JsonHead, gc=False):
    """Of text whose metadata are no mapping, or whose items are no list."""

    metadata: msgspec.Raw = _NULL  # type: ignore[assignment]
    items: msgspec.Raw = _NULL  # type: ignore[assignment]


def head_of_json(text: msgspec.Raw, known: JsonHead | None = None) -> tuple[Head, Names]:
    """The head of JSON text, and what its metadata name; ``known`` where it was decoded before.

    Raises:
        JsonError, msgspec.ValidationError: as ``decode_json``; the latter where it is no object.
    """
    try:
        parts: JsonHead = known or decode_json(text, JsonHead)
        is_whole = parts.kind is not None and parts.api_version is not None  # nothing more is asked of it
        return parts if is_whole else _plain(parts), parts.metadata or Names()
    except (JsonError, msgspec.ValidationError):
        odd: _OddHead = decode_json(text, _OddHead)
    head = _plain(odd)
    head.metadata = _or_text(odd.metadata, Names)
    head.items = _or_text(odd.items, list[msgspec.Raw])
    return head, head.metadata if isinstance(head.metadata, Names) else Names()


def _plain(parts: JsonHead) -> Head:
    """With None for what is absent, and the undecoded text for what is there."""
    head = Head(parts.api_version, parts.kind, parts.metadata, parts.items, given(parts.spec))
    if parts.kind is None and bytes(memoryview(parts.object)[:1]) == b"{":
        head.object = parts.object
        head.type, head.time = decode_json(parts.type, Any), decode_json(parts.time, Any)
        head.since = decode_json(parts.since, Any)
    return head


def given(text: msgspec.Raw) -> msgspec.Raw | None:
    """None for a part that is absent or null."""
    return None if text is _NULL or bytes(memoryview(text)[:4]) == b"null" else text


def head_of(tree: dict[Any, Any]) -> tuple[Head, Names]:
    """The head of a YAML tree, and what its metadata name."""
    names = ("apiVersion", "kind", "metadata", "items", "spec", "type", "object", "time", "since")
    head = Head(*(tree.get(name) for name in names))
    meta = head.metadata if isinstance(head.metadata, dict) else {}
    return head, Names(*(meta.get(name) for name in ("name", "namespace", "generateName")))


def _or_text(text: msgspec.Raw, type_: Any) -> Any:
    """A part as its type, as it stands where it is of another; None where it is absent."""
    try:
        return decode_json(text, type_) if given(text) is not None else None
    except msgspec.ValidationError:
        return text


def is_broken(head: Head, meta: Names, kind: Any, api_version: Any) -> bool:
    """Whether a thing without a kind or an apiVersion may have been meant as an object.

    Every object has metadata, and a name in them. A spec alone may be a policy whose top was lost.
    """
    named = meta.name is not None or meta.generate_name is not None
    if kind is None and api_version is None:
        return named or _is_policy_spec(head.spec)
    return head.metadata is not None or head.spec is not None or kind in POLICY_KINDS


def _is_policy_spec(spec: Any) -> bool:
    try:
        fields = decode_json(spec, dict[str, msgspec.Raw]) if isinstance(spec, msgspec.Raw) else spec
    except msgspec.ValidationError:
        return False
    return isinstance(fields, dict) and any(name in fields for name in _POLICY_FIELDS)


def check_metadata(document: Document, metadata: Any) -> None:
    """Metadata that are no mapping would pass for metadata without a name."""
    if metadata is None or isinstance(metadata, dict | Names):
        return
    value = decode_json(metadata, Any) if isinstance(metadata, msgspec.Raw) else metadata
    document.report(f"must be a mapping, is {type_name(value)}", path="metadata")


def check_name(document: Document, meta: Names, generated: Counter[tuple[str, str, str]]) -> None:
    """Check name and namespace; what is wrong waits on the document. A name that is absent stays empty.

    The API server makes a new name of generateName each time, so every such object is another one:
    they are numbered, in the order of the input.
    """
    name, path = meta.name, "metadata.name"
    if name in (None, "") and isinstance(meta.generate_name, str) and meta.generate_name:
        prefix, path = meta.generate_name[:MAX_PREFIX], "metadata.generateName"
        key = (document.kind, document.namespace, prefix)
        generated[key] += 1
        name = document.name = f"{prefix}generated-{generated[key]}"
    _check(document, name, path, name_fault)
    if meta.namespace != "":
        _check(document, meta.namespace, "metadata.namespace", _namespace_fault)


_namespace_fault = lru_cache(maxsize=4096)(name_fault)
"""There are few namespaces, and every object names one."""


def _check(document: Document, value: Any, path: str, fault_of: Callable[[str], str]) -> None:
    if isinstance(value, str):
        fault = fault_of(value)
        if fault:
            hint = "fill in what stands for it: this file is still a template" if unrendered(value) else ""
            document.report(fault, hint, path=path)
    elif value is not None:
        document.report(*string_fault(value), path=path)
