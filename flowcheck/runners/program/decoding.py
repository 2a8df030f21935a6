"""Values back from the forms that ``encoding.py`` tells of.

Whatever does not fit is an error, and nothing is made but records of known classes.
"""

from __future__ import annotations

import enum
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
import numpy as np

from flowcheck.runners.program.classes import CLASSES
from flowcheck.runners.program.encoding import CONTAINERS

_KINDS = "biuf"
"""Of dtypes: numbers alone."""


class DamagedError(ValueError):
    """It is not what ``Encoder`` writes."""


class Decoder:
    """``beside``: where the arrays lie. What it gives may be written to, if that may be.

    All methods **raise** DamagedError."""

    def __init__(self, beside: memoryview) -> None:
        self._beside = beside

    def decode(self, form: Any) -> Any:
        if not isinstance(form, list):
            return form
        match form:
            case ["array", str(dtype), list(shape), int(offset)]:
                return self._array(dtype, shape, offset)
            case ["of", str(container), parts] if container in CONTAINERS:
                return CONTAINERS[container](self.decode_list(parts))
            case ["dict", keys, values]:
                return self._dict(keys, values)
            case ["filling", keys, values]:
                return defaultdict(list, self._dict(keys, values))
            case ["record", str(name), list(values)]:
                return _made(name, [self.decode(value) for value in values])
            case ["word", str(name), str(member)]:
                return _word(name, member)
            case ["text", bytes(text)]:
                return text.decode("utf-8", "surrogatepass")
        return self.decode_list(form)

    def decode_list(self, form: Any) -> list[Any]:
        match form:
            case ["plain", list(values)]:
                return values
            case ["list", list(values)]:
                return [self.decode(value) for value in values]
            case ["same", list(numbers), parts]:
                return self._same(numbers, self.decode_list(parts))
            case ["records", str(name), int(n), list(columns)]:
                return _made_of_columns(name, n, [self.decode_list(column) for column in columns])
            case ["words", str(name), list(members)]:
                return _words(name, members)
            case ["kinds", list(numbers), list(lists)]:
                return _taken(numbers, [self.decode_list(alike) for alike in lists])
            case ["dicts", list(lengths), keys, values]:
                parts = self._lists(tuple, lengths, self.decode_list(keys))
                meant = self._lists(tuple, lengths, self.decode_list(values))
                return [_paired(*each) for each in zip(parts, meant, strict=True)]
            case ["lists", str(container), list(lengths), parts] if container in CONTAINERS:
                return self._lists(CONTAINERS[container], lengths, self.decode_list(parts))
        raise DamagedError("a value has no form that is known")

    def _array(self, dtype: str, shape: Sequence[Any], offset: int) -> np.ndarray:
        try:
            kind = np.dtype(dtype)
        except TypeError as error:
            raise DamagedError("an array's type is none") from error
        sound = all(isinstance(length, int) and length >= 0 for length in shape)
        count = math.prod(shape) if sound else -1
        if kind.kind not in _KINDS or count < 0 or offset < 0:
            raise DamagedError("an array's type or shape cannot be")
        if offset + count * kind.itemsize > len(self._beside):
            raise DamagedError("an array runs past the end")
        return np.frombuffer(self._beside, dtype=kind, count=count, offset=offset).reshape(shape)

    def _dict(self, keys: Any, values: Any) -> dict[Any, Any]:
        return _paired(self.decode_list(keys), self.decode_list(values))

    def _same(self, numbers: Sequence[Any], parts: Sequence[Any]) -> list[Any]:
        if not all(isinstance(number, int) and 0 <= number < len(parts) for number in numbers):
            raise DamagedError("a number stands for nothing")
        return [parts[number] for number in numbers]

    def _lists(
        self, container: Callable[[Iterable[Any]], Any], lengths: Sequence[Any], parts: Sequence[Any]
    ) -> list[Any]:
        found, start = [], 0
        for length in lengths:
            if not isinstance(length, int) or length < 0 or start + length > len(parts):
                raise DamagedError("a length goes past what there is")
            found.append(container(parts[start : start + length]))
            start += length
        if start != len(parts):
            raise DamagedError("there is more than the lengths say")
        return found


def _paired(keys: Sequence[Any], values: Sequence[Any]) -> dict[Any, Any]:
    try:
        return dict(zip(keys, values, strict=True))
    except (ValueError, TypeError) as error:
        raise DamagedError("keys and values do not fit") from error


def _taken(numbers: Sequence[Any], lists: Sequence[Sequence[Any]]) -> list[Any]:
    if not all(isinstance(number, int) and 0 <= number < len(lists) for number in numbers):
        raise DamagedError("a number stands for no list")
    if [*map(numbers.count, range(len(lists)))] != [*map(len, lists)]:
        raise DamagedError("there is more or less than the numbers take")
    following = [iter(alike) for alike in lists]
    return [next(following[number]) for number in numbers]


def _class(name: str, base: type | None = None) -> Any:
    found = CLASSES.get(name)
    if found is None or (base is not None) is not issubclass(found, enum.Enum):
        raise DamagedError(f"there is no such class: {name[:100]!r}")
    return found


def _made(name: str, values: Sequence[Any]) -> Any:
    try:
        return _maker(_class(name))(*values)
    except TypeError as error:
        raise DamagedError(f"a {name} has other fields") from error


def _made_of_columns(name: str, n: int, columns: Sequence[Sequence[Any]]) -> list[Any]:
    make = _maker(_class(name))
    if any(len(column) != n for column in columns):
        raise DamagedError(f"not every {name} has every field")
    try:
        return list(map(make, *columns)) if columns else [make() for _ in range(n)]
    except TypeError as error:
        raise DamagedError(f"a {name} has other fields") from error


def _maker(kind: Any) -> Callable[..., Any]:
    """A constructor that takes fields in their order."""
    if issubclass(kind, msgspec.Struct):
        names = kind.__struct_fields__
        return lambda *values: kind(**dict(zip(names, values, strict=True)))
    return kind  # type: ignore[no-any-return]


def _word(name: str, member: str) -> Any:
    return _words(name, [member])[0]


def _words(name: str, members: Sequence[Any]) -> list[Any]:
    known = _class(name, enum.Enum).__members__
    try:
        return [known[member] for member in members]
    except (KeyError, TypeError) as error:
        raise DamagedError(f"a {name} has other words") from error
