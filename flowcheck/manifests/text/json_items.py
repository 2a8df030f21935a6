"""JSON text -> its objects, each as undecoded text with the line it begins at; and one object as a tree.

Large inputs are exports (``kubectl get -o json``), so a List is cut into items without decoding
them; ``documents`` then decodes of each only the fields its kind needs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, TypeVar

import msgspec

from flowcheck.manifests.text.yaml_events import YamlError, parse_yaml

T = TypeVar("T")

CHECKED_BYTES = 4 << 20
"""Up to this size a JSON file is searched for duplicate keys; larger ones are written by programs."""

BETWEEN = re.compile(rb"[,\s]*")
_BYTE = re.compile(r"\(byte (\d+)\)")


_CUT_OFF = "it is cut off at its end; --keep-going takes what stands before"


class JsonError(Exception):
    """Why JSON text is refused, at which line of its file (0: unknown), and where the value began."""

    def __init__(self, message: str, line: int = 0, hint: str = "", offset: int = 0) -> None:
        super().__init__(message)
        self.message, self.line, self.hint, self.offset = message, line, hint, offset


@cache
def _decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(type_)


def decode_json(text: bytes | memoryview | msgspec.Raw, type_: Any) -> Any:
    """Decode JSON text as a type.

    Raises:
        JsonError: the text is not JSON, too deep, or not UTF-8 where it was looked at.
        msgspec.ValidationError: it is JSON of another type.
    """
    try:
        return _decoder(type_).decode(text)
    except msgspec.ValidationError as error:
        if "Number out of range" not in str(error):
            raise
        raise JsonError("has a number out of range") from None
    except msgspec.DecodeError as error:
        raise JsonError(str(error)) from None
    except RecursionError:
        raise JsonError("is nested too deeply") from None
    except UnicodeDecodeError:
        raise JsonError("is not UTF-8") from None


def split_values(data: bytes, type_: type[T], begin: int = 0) -> Iterator[tuple[int, msgspec.Raw, T | None]]:
    """The JSON values of a text, one after another, each with its offset.

    Text that is a single value of the type comes decoded too: a large one is gone through once less.

    Raises:
        JsonError: what is at fault, with its line; the values before it have been yielded.
    """
    view = memoryview(data)
    begin = after(BETWEEN, data, begin)
    try:
        single = decode_json(view[begin:], type_)
    except (JsonError, msgspec.ValidationError):
        pass
    else:
        yield begin, msgspec.Raw(view[begin:]), single
        return
    while begin < len(data):
        try:
            yield begin, decode_json(view[begin:], msgspec.Raw), None
            return
        except JsonError as error:
            found = _BYTE.search(error.message)
            end = begin + int(found[1]) if found else 0
            if "trailing characters" not in error.message:
                if "truncated" in error.message:
                    last = data.rstrip().count(b"\n") + 1
                    raise JsonError("ends too early", last, _CUT_OFF, begin) from None
                line = data.count(b"\n", 0, end) + 1 if found else 0
                raise JsonError(_BYTE.sub("", error.message).strip(), line, error.hint, begin) from None
        end -= 1  # of what follows, msgspec names the byte after its first
        yield begin, decode_json(view[begin:end], msgspec.Raw), None
        begin = after(BETWEEN, data, end)


def place_items(data: bytes, items: Sequence[msgspec.Raw], begin: int) -> Iterator[tuple[int, msgspec.Raw]]:
    """The elements of a JSON list that stands in ``data`` after offset ``begin``, each with its offset."""
    offset = _first_item(data, items[0], begin) if items else begin
    for item in items:
        offset = after(BETWEEN, data, offset)
        yield offset, item
        offset += len(memoryview(item))


def _first_item(data: bytes, item: msgspec.Raw, begin: int) -> int:
    """Where a text stands first that a bracket is before."""
    text, at = memoryview(item)[:256], begin
    while (at := data.find(text, at)) >= 0:
        before = at - 1
        while before > begin and data[before : before + 1].isspace():
            before -= 1
        if data[before : before + 1] == b"[":
            return at
        at += 1
    return begin


def after(pattern: re.Pattern[bytes], data: bytes, at: int) -> int:
    """The offset after what the pattern stands for, if that is there."""
    match = pattern.match(data, at)
    return match.end() if match else at


class _DuplicateKeyError(Exception):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        keys = [key for key, _ in pairs]
        raise _DuplicateKeyError(next(key for key in keys if keys.count(key) > 1))
    return result


def _as_it_came(text: bytes) -> Any:
    """The value of JSON text that comes out of it as it went in, and so has no key twice; else None.

    Nearly all text does, and this takes a quarter of the time that looking at every object takes. Without the
    white space it is decoded in half of the time.
    """
    try:
        plain = msgspec.json.format(text, indent=-1)
        value = decode_json(plain, Any)
        same = msgspec.json.encode(value) == plain
    except (JsonError, msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return value if same else None


def check_duplicates(text: bytes, first_line: int = 1) -> Any:
    """Decode JSON text, refusing an object that has one key twice.

    Raises:
        JsonError: with the line, where the text is simple enough to be read as YAML too.
    """
    if (value := _as_it_came(text)) is not None:
        return value
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except _DuplicateKeyError as error:
        try:
            list(parse_yaml(text, first_line))
        except YamlError as fault:
            if "twice" in fault.message:
                raise JsonError(fault.message, fault.line, "keep one") from None
        raise JsonError(f"has the key `{str(error)[:63]}` twice", hint="keep one") from None
    except RecursionError:
        raise JsonError("is nested too deeply") from None
    except UnicodeDecodeError as error:
        line = first_line + text.count(b"\n", 0, error.start)
        raise JsonError("is not UTF-8", line, "save it as UTF-8") from None
    except ValueError:
        raise JsonError("is not JSON") from None


def read_tree(text: bytes, first_line: int) -> Any:
    """One JSON object as a tree: with lines where it can be read as YAML too, as nearly all JSON can.

    Raises:
        JsonError: a key stands twice.
    """
    try:
        return next(iter(parse_yaml(text, first_line)))[1]
    except YamlError:
        return check_duplicates(text, first_line)
