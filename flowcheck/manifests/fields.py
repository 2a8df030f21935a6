"""A place in a document, for reading a policy field by field: value, path, line, and a way to complain.

A reader asks a :class:`Field` for what should be there. Whatever is not so is reported to the
object's complaints and the reader goes on, so that one reading finds every problem of a policy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowcheck.manifests.complaints import Complaints, likely
from flowcheck.manifests.text.json_parts import JsonPart, list_parts, parts_of
from flowcheck.manifests.text.trees import SELECTOR_KEYS, Mapping, Sequence
from flowcheck.manifests.text.yaml_scalars import Ambiguous
from flowcheck.model.places import SourceLocation
from flowcheck.model.verdict import Reason

_UNREAD = Reason.UNSUPPORTED_FIELD


def type_name(value: Any) -> str:
    """What a value is, in words a person who writes YAML uses."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int():
            return "a number"
        case float():
            return "a number with a fraction"
        case str():
            return "text"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return "ambiguous"


def string_fault(value: Any) -> tuple[str, str]:
    """Message and hint for a value that should have been text."""
    if isinstance(value, Ambiguous):
        return (
            f"`{value.text[:63]}` is a truth value or a number to some readers of YAML",
            f'quote it: "{value.text[:63]}"',
        )
    quote = isinstance(value, bool | int | float)
    return f"must be text, is {type_name(value)}", "put it in quotes" if quote else ""


def ambiguity(value: Ambiguous) -> tuple[str, str]:
    """Message and hint for a value that should have been a number, or true or false."""
    return f"`{value.text[:63]}` does not mean the same to all readers of YAML", "write it plainly"


def line_of(tree: Any, path: str, line: int) -> int:
    """The line where the value at a path of keys stands, or that of the nearest thing around it."""
    while isinstance(tree, Mapping):
        found = [key for key in tree if isinstance(key, str) and (path + ".").startswith(key + ".")]
        if not found:
            break
        key = max(found, key=len)
        line, path, tree = tree.lines[key], path[len(key) + 1 :], tree[key]
    return line


class Field:
    """One value of a document, or a whole one, of which ``text`` is the JSON text if it had one. Its place is
    found when it is asked for, as few are."""

    __slots__ = ("_key", "_parent", "_parts", "_text", "complaints", "value")

    def __init__(
        self,
        complaints: Complaints,
        value: Any,
        parent: Field | None = None,
        key: Any = "",
        *,
        text: JsonPart | None = None,
    ) -> None:
        self.complaints, self.value = complaints, value
        self._parent, self._key, self._text = parent, key, text
        self._parts: dict[Any, JsonPart] | None = None

    def child(self, key: Any) -> Field:
        """What stands under a key, or at a place of a list."""
        return Field(self.complaints, self.value[key], self, key)

    @property
    def path(self) -> str:
        if self._parent is None:
            return ""
        above = self._parent.path
        if isinstance(self._key, int):
            return f"{above}[{self._key}]"
        return f"{above}.{self._key}" if above else self._key

    @property
    def line(self) -> int:
        """Where it stands, or the nearest line known."""
        parent = self._parent
        if parent is None:
            return self.complaints.source.line
        if isinstance(parent.value, Mapping | Sequence):
            return parent.value.lines[self._key]
        part = parent.parts().get(self._key)
        return part.line if part is not None else parent.line

    def parts(self) -> dict[Any, JsonPart]:
        """What is in it, where it was JSON text."""
        if self._parts is None:
            self._parts = self._parts_of_list() if isinstance(self.value, list) else None
        if self._parts is None:
            own = self._parent.parts().get(self._key) if self._parent else self._text
            self._parts = parts_of(own.text, own.begins) if own is not None else {}
        return self._parts

    def _parts_of_list(self) -> dict[Any, JsonPart] | None:
        """Of a list that only mappings are around: the rules of a policy, which are most of its text."""
        top, keys = self, []
        while top._parent is not None:
            keys.append(top._key)
            top = top._parent
        if top._text is None or not keys or not all(isinstance(key, str) for key in keys):
            return None
        return list_parts(top._text.text, tuple(reversed(keys)), top._text.begins)

    @property
    def source(self) -> SourceLocation:
        return self.complaints.place(self.line)

    def report(self, message: str, hint: str = "") -> None:
        """This field makes the document one that the API server would refuse."""
        self.complaints.report(message, hint, path=self.path, line=self.line)

    def doubt(self, message: str, hint: str = "") -> None:
        """The API server takes this field, but no library reads it: what hangs on it is unknown."""
        self.complaints.doubts += 1
        advice = f" ({hint})" if hint else ""
        self.warn(f"{message}{advice}: no library reads it, so what hangs on it is unknown ({_UNREAD})")

    def warn(self, message: str) -> None:
        """The document stands, but its writer may have meant something else."""
        self.complaints.warn(f"{self.path}: {message}" if self.path else message, self.line)

    def mapping(
        self, *known: str, required: tuple[str, ...] = (), instead: dict[str, str] | None = None
    ) -> dict[str, Field]:
        """The fields of a mapping that are given; null is not given. Fields not in ``known`` are reported.

        ``instead`` holds fields that people write here, with what they mean.
        """
        given = {}
        if type(self.value) is dict and all(map(known.__contains__, self.value)):  # nearly all JSON
            for name, value in self.value.items():
                if value is not None:
                    given[name] = Field(self.complaints, value, self, name)
        else:
            for name, field in self.entries().items():
                if name not in known:
                    field.report(*self._misplaced(name, known, instead or {}))
                elif field.value is not None:
                    given[name] = field
        for name in required:
            if name not in given:
                self.report(f"needs {name}")
        return given

    def _misplaced(self, name: str, known: tuple[str, ...], instead: dict[str, str]) -> tuple[str, str]:
        """Message and hint for a field that does not belong here."""
        if name in instead:
            return "is not a field here", f"write {instead[name]}"
        selectors = [one for one in known if one.endswith("Selector")]
        if name in SELECTOR_KEYS and selectors:
            before = list(self.value)[: list(self.value).index(name)]
            empty = [one for one in before if one in selectors and self.value[one] is None]
            return "stands one level too high", f"indent it below {' or '.join(empty[-1:] or selectors)}"
        return "is not a field here", likely(name, known)

    def entries(self) -> dict[str, Field]:
        """Everything in a mapping, whatever the keys; keys that are not text are reported."""
        if not isinstance(self.value, dict):
            self.report(f"must be a mapping, is {type_name(self.value)}")
            return {}
        if type(self.value) is dict:  # of JSON, whose keys are text
            return {key: Field(self.complaints, value, self, key) for key, value in self.value.items()}
        result = {}
        for key, value in self.value.items():
            field = Field(self.complaints, value, self, key)
            if isinstance(key, str):
                result[key] = field
            else:
                text = key.text[:63] if isinstance(key, Ambiguous) else str(key)
                self.complaints.report(
                    f"the key `{text}` is not text", f'quote it: "{text}"', path=self.path, line=field.line
                )
        return result

    def elements(self) -> list[Field]:
        """The elements of a list; null elements are reported."""
        if not isinstance(self.value, list):
            hint = "begin each entry with -" if isinstance(self.value, str | dict) else ""
            self.report(f"must be a list, is {type_name(self.value)}", hint)
            return []
        if None not in self.value:
            return [Field(self.complaints, value, self, place) for place, value in enumerate(self.value)]
        result = []
        for place, value in enumerate(self.value):
            element = Field(self.complaints, value, self, place)
            if value is None:
                element.report("is empty")
            else:
                result.append(element)
        return result

    def text(self) -> str | None:
        """The text, or None after reporting that it is none."""
        if isinstance(self.value, str):
            return self.value
        self.report(*string_fault(self.value))
        return None

    def one_of(self, *allowed: str, complain: Callable[..., None] | None = None) -> str | None:
        """The text where it is one of those, or None after reporting (``complain``: in this way)."""
        text = self.text()
        if text is None or text in allowed:
            return text
        (complain or Field.report)(self, f"must be {' or '.join(allowed)}", likely(text, allowed))
        return None

    def number(self, first: int, last: int) -> int | None:
        """The whole number where it is from ``first`` to ``last``, or None after reporting."""
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            if first <= self.value <= last:
                return self.value
            self.report(f"must be from {first} to {last}, is {self.value}")
        elif isinstance(self.value, Ambiguous):
            self.report(*ambiguity(self.value))
        else:
            is_quoted = isinstance(self.value, str) and self.value.isdecimal()
            hint = "write it without quotes" if is_quoted else ""
            self.report(f"must be a whole number, is {type_name(self.value)}", hint)
        return None
