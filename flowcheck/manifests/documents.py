"""A document: one Kubernetes object of a manifest, with its kind, name and place, not yet read further.

``shapes`` makes them. Their content is read either typed (:meth:`Document.decode`, for exported kinds,
of which only the fields needed are kept) or field by field (:meth:`Document.root`, for policies, where
every field counts). What is wrong is collected as :class:`Complaints`, which say where, and quote no other
field. A document knows neither its time nor where else it was kept.
"""

from __future__ import annotations

import hashlib
from typing import Any, TypeVar

import msgspec

from flowcheck.errors import ManifestError
from flowcheck.manifests.complaints import Complaints
from flowcheck.manifests.fields import Field, line_of
from flowcheck.manifests.text.json_items import JsonError, check_duplicates, decode_json, read_tree
from flowcheck.manifests.text.json_parts import JsonPart
from flowcheck.manifests.type_errors import explain
from flowcheck.model.places import SourceLocation

T = TypeVar("T")


class Document(Complaints):
    """One object. ``namespace`` is empty where the manifest names none: its reader knows what that means.
    ``group`` is the API group, empty for the core group."""

    __slots__ = ("_body", "_by_field", "api_version", "group")

    def __init__(
        self, body: Any, source: SourceLocation, *, api_version: str, kind: str, namespace: str, name: str
    ) -> None:
        super().__init__(source, kind, namespace, name)
        self._body, self.api_version = body, api_version
        self.group = api_version.rpartition("/")[0]
        self._by_field = False

    @property
    def is_bare(self) -> bool:
        """Only its name is known: an input told that it is gone, and nothing of what it was."""
        return self._body is None

    def digest(self) -> bytes:
        """Tells JSON text from any other; empty where the document was YAML."""
        is_text = isinstance(self._body, msgspec.Raw)
        return hashlib.blake2b(self._body, digest_size=16).digest() if is_text else b""

    def report(self, message: str, hint: str = "", *, path: str = "", line: int = 0) -> None:
        """Something makes this document unusable; the line is that of the field, where it is known."""
        line = line or line_of(self._body, path, self.source.line)
        super().report(message, hint, path=path, line=line)

    def decode(self, type_: type[T]) -> T:
        """The fields that ``type_`` names, and no others.

        Raises:
            ManifestError: a field is of another type; the problem is reported too.
        """
        try:
            value: T
            if isinstance(self._body, msgspec.Raw):
                value = decode_json(self._body, type_)
            else:
                value = msgspec.convert(self._body, type_)
        except JsonError as fault:
            self.report(fault.message, fault.hint)
        except msgspec.ValidationError as error:
            explain(str(error), self._field(self._tree_for_messages()))
        except RecursionError:
            self.report("is nested too deeply")
        else:
            return value
        raise ManifestError("unreadable", problems=self.problems)

    def tree(self) -> Any:
        """The whole object as plain values; with lines where it was YAML, or read by ``root``."""
        if not isinstance(self._body, msgspec.Raw):
            return self._body
        if self._by_field:
            return read_tree(bytes(self._body), self.source.line)
        return decode_json(self._body, Any)

    def mentions(self, word: str) -> bool:
        """Whether a word may be in it, without decoding it."""
        return not isinstance(self._body, msgspec.Raw) or word.encode() in bytes(self._body)

    def root(self) -> Field:
        """The whole object, for reading field by field.

        Raises:
            ManifestError: it has a key twice; the problem is reported too.
        """
        self._by_field = True
        if not isinstance(self._body, msgspec.Raw):
            return self._field(self._body)
        try:
            return self._field(check_duplicates(bytes(self._body), self.source.line))
        except JsonError as fault:
            self.report(fault.message, fault.hint, line=fault.line)
            raise ManifestError("unreadable", problems=self.problems) from None

    def _field(self, tree: Any) -> Field:
        line = self.source.line
        text = JsonPart(line, line, self._body) if isinstance(self._body, msgspec.Raw) else None
        return Field(self, tree, text=text)

    def _tree_for_messages(self) -> Any:
        if not isinstance(self._body, msgspec.Raw):
            return self._body
        try:
            return check_duplicates(bytes(self._body), self.source.line)
        except JsonError:
            return {}
