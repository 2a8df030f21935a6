"""A document: one Kubernetes object of a manifest, with its kind, name and place, not yet read further.

``streams`` makes them. Their content is read either typed (:meth:`Document.decode`, for exported kinds,
of which only the fields needed are kept) or field by field (:meth:`Document.root`, for policies, where
every field counts). What is wrong is collected in ``problems``, which say where, and quote no other field.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from flowcheck.errors import ManifestError, Problem
from flowcheck.manifests.fields import Field, line_of
from flowcheck.manifests.oddities import Oddity, Sort
from flowcheck.manifests.text.json_items import JsonError, Part, check_duplicates, decode_json, read_tree
from flowcheck.manifests.type_errors import explain
from flowcheck.model.policy import SourceLocation

if TYPE_CHECKING:
    from flowcheck.history.inventory.rows import Told
    from flowcheck.history.sightings import When

T = TypeVar("T")

MAX_PROBLEMS = 20
"""Of one document; past that the reader has been told enough."""


class Document:
    """One object. ``namespace`` is empty where the manifest names none: its reader knows what that means.

    ``when`` says at what time it was so; None: it holds for all times. ``told`` is what a row of an inventory
    tells beside it. ``doubts`` counts what the API server takes and no library reads.
    """

    __slots__ = (
        "_body",
        "_by_field",
        "api_version",
        "doubts",
        "kind",
        "name",
        "namespace",
        "oddities",
        "problems",
        "source",
        "told",
        "warnings",
        "when",
    )

    def __init__(
        self, body: Any, source: SourceLocation, *, api_version: str, kind: str, namespace: str, name: str
    ) -> None:
        self._body, self.source = body, source
        self._by_field = False
        self.api_version, self.kind, self.namespace, self.name = api_version, kind, namespace, name
        self.when: When | None = None
        self.told: Told | None = None
        self.problems: list[Problem] = []
        self.warnings: list[str] = []
        self.oddities: list[Oddity] = []
        self.doubts = 0

    @property
    def is_bare(self) -> bool:
        """Only its name is known: an input told that it is gone, and nothing of what it was."""
        return self._body is None

    def digest(self) -> bytes:
        """Tells JSON text from any other; empty where the document was YAML."""
        is_text = isinstance(self._body, msgspec.Raw)
        return hashlib.blake2b(self._body, digest_size=16).digest() if is_text else b""

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def title(self) -> str:
        """How a message names it: kind, then namespace/name as far as known."""
        return f"{self.kind} {self.namespace + '/' if self.namespace else ''}{self.name}".strip()

    def report(self, message: str, hint: str = "", *, path: str = "", line: int = 0) -> None:
        """Something makes this document unusable; the place is given as ``file:line field.path``."""
        if len(self.problems) < MAX_PROBLEMS:
            place = SourceLocation(self.source.file, line or line_of(self._body, path, self.source.line))
            text = f"{self.title}: {message}" if self.title else message
            self.problems.append(Problem(text, f"{place} {path}".strip(), hint))

    def warn(self, message: str, line: int = 0) -> None:
        self.warnings.append(
            f"{SourceLocation(self.source.file, line or self.source.line)} {self.title}: {message}"
        )

    def note(self, sort: Sort, text: str, read_as: str, line: int = 0) -> None:
        """A value was read that others may read otherwise."""
        source = SourceLocation(self.source.file, line or self.source.line)
        self.oddities.append(Oddity(sort, text, read_as, self.title, source))

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
            explain(str(error), Field(self, self._tree_for_messages()))
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

    def part(self) -> Part | None:
        """Its text, where it was JSON."""
        line = self.source.line
        return Part(line, line, self._body) if isinstance(self._body, msgspec.Raw) else None

    def root(self) -> Field:
        """The whole object, for reading field by field.

        Raises:
            ManifestError: it has a key twice; the problem is reported too.
        """
        self._by_field = True
        if not isinstance(self._body, msgspec.Raw):
            return Field(self, self._body)
        try:
            return Field(self, check_duplicates(bytes(self._body), self.source.line))
        except JsonError as fault:
            self.report(fault.message, fault.hint, line=fault.line)
            raise ManifestError("unreadable", problems=self.problems) from None

    def _tree_for_messages(self) -> Any:
        if not isinstance(self._body, msgspec.Raw):
            return self._body
        try:
            return check_duplicates(bytes(self._body), self.source.line)
        except JsonError:
            return {}
