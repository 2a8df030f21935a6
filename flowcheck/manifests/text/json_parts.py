"""JSON text -> its parts and the lines they stand on, for whoever has something to say of one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from flowcheck.manifests.text.json_items import BETWEEN, JsonError, after, decode_json

_KEY = re.compile(rb'"(?:[^"\\]|\\.)*"\s*:\s*')


class JsonPart(NamedTuple):
    """A part of an object or list: the line of its key, if it has one, the line where it begins, its text."""

    line: int
    begins: int
    text: msgspec.Raw


def parts_of(text: msgspec.Raw, line: int) -> dict[Any, JsonPart]:
    """The parts of a JSON object by key, or of a list by number; nothing where a key is not UTF-8.

    ``line`` is where it begins.
    """
    data = bytes(text)
    try:
        if data[:1] == b"{":
            inner = decode_json(text, dict[str, msgspec.Raw]).items()
        else:
            inner = enumerate(decode_json(text, list[msgspec.Raw]))
    except JsonError:
        return {}
    return _placed(inner, data, 1, line)


def list_parts(text: msgspec.Raw, keys: tuple[str, ...], line: int) -> dict[Any, JsonPart] | None:
    """The same of a list that stands in an object at a path of keys, in one go: parts upon parts of long text
    take one for each key. ``line`` is where the object begins. None where the last key may stand elsewhere.
    """
    data, word = bytes(text), f'"{keys[-1]}"'.encode("utf-8", "surrogatepass")
    key = _KEY.match(data, max(data.find(word), 0))
    if key is None or data.find(word, key.end()) >= 0 or b"\\" in data:
        return None
    try:
        inner = decode_json(text, _along(keys))
    except (JsonError, msgspec.ValidationError):
        return None
    for _ in keys:
        inner = inner.inner
    return _placed(enumerate(inner), data, key.end() + 1, line)


@lru_cache(maxsize=64)
def _along(keys: tuple[str, ...]) -> Any:
    """The type of an object that has a list at a path of keys."""
    type_: Any = list[msgspec.Raw]
    for key in reversed(keys):
        type_ = msgspec.defstruct("Along", [("inner", type_)], rename={"inner": key})
    return type_


def _placed(
    inner: Iterable[tuple[Any, msgspec.Raw]], data: bytes, end: int, line: int
) -> dict[Any, JsonPart]:
    """Parts that stand in ``data`` one after another from ``end`` on; it begins at ``line``."""
    found = {}
    counted = 0
    for key, part in inner:
        start = after(BETWEEN, data, end)
        begin = after(_KEY, data, start)
        line += data.count(b"\n", counted, start)
        begins = line + data.count(b"\n", start, begin)
        found[key] = JsonPart(line, begins, part)
        line, counted, end = begins, begin, begin + len(memoryview(part))
    return found
