"""Values as data: what a program is made of, written without a word that could make a reader run anything.

A value becomes nested lists of plain things, for msgpack; arrays lie beside them as they are in memory.
What is alike is written by columns: of many records of one class each field by itself, of many tuples their
lengths and what is in them one after the other, of things of a few kinds each kind by itself, and what stands
several times once. A tag tells what comes:

    [tag, ...]        tag
    ("array", dtype, shape, offset)          an array, at an offset of those beside
    ("of", container, value)                 a tuple, frozenset or the like of the parts that a list has
    ("dict", keys, values)                   keys and values are lists
    ("filling", keys, values)                likewise of a defaultdict of lists
    ("record", class, [value of each field])
    ("word", class, name)                    a member of an Enum
    ("text", bytes)                          text that is not UTF-8: a file's name
    ("list", [value, ...])                   a list of values by themselves
    ("kinds", numbers, [list, ...])          a list of unlike things: from which list the next is taken
    ("same", numbers, list)                  a list by the numbers of its distinct things
    ("records", class, n, [list of each field])  a list of records of one class, by columns
    ("words", class, names)                  likewise of an Enum's members
    ("lists", container, lengths, list)      a list of containers
    ("dicts", lengths, keys, values)         a list of dicts
    ("plain", [...])                         a list of texts, numbers, truth values and None

Classes are those of CLASSES, found by name: a name that is not there is an error, and so is whatever does not
fit. Records are made by their constructors.
"""

from __future__ import annotations

import dataclasses
import enum
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np

from flowcheck.runners.program.classes import name_of

ALIGNED = 64
"""Bytes: arrays begin at a cache line."""
CONTAINERS: dict[str, Callable[[Iterable[Any]], Any]] = {
    "tuple": tuple,
    "list": list,
    "frozenset": frozenset,
    "set": set,
}
_PLAIN = frozenset({str, int, float, bool, type(None)})


class Encoder:
    """``arrays``: those met so far, each with its offset among all."""

    def __init__(self) -> None:
        self.arrays: list[tuple[int, np.ndarray]] = []
        self.n_bytes = 0

    def encode(self, value: object) -> Any:
        """The form of a value.

        **Raises**: TypeError for one of a class that is not in CLASSES."""
        kind = type(value)
        if kind in _PLAIN:
            return self._plain(value)
        if kind is bytes:
            return value
        if isinstance(value, np.ndarray):
            return ["array", value.dtype.str, list(value.shape), self._place(value)]
        if kind is list:
            return self._list(value)  # type: ignore[arg-type] # a list
        if kind.__name__ in CONTAINERS and kind is CONTAINERS[kind.__name__]:
            return ["of", kind.__name__, self._list(_in_order(value))]
        if isinstance(value, Mapping):
            tag = "filling" if isinstance(value, defaultdict) else "dict"
            return [tag, self._list(list(value)), self._list(list(value.values()))]
        if isinstance(value, np.generic):
            return self._plain(value.item())
        if isinstance(value, enum.Enum):
            return ["word", name_of(kind), value.name]
        return ["record", name_of(kind), [self.encode(part) for part in fields_of(kind)(value)]]

    def _plain(self, value: Any) -> Any:
        try:
            msgspec.msgpack.encode(value)
        except UnicodeEncodeError:
            return ["text", value.encode("utf-8", "surrogatepass")]
        return value

    def _place(self, array: np.ndarray) -> int:
        flat = np.ascontiguousarray(array)
        offset = -(-self.n_bytes // ALIGNED) * ALIGNED
        self.arrays.append((offset, flat))
        self.n_bytes = offset + flat.nbytes
        return offset

    def _list(self, values: Sequence[Any]) -> Any:
        """A list, by columns where its parts are alike."""
        kinds = set(map(type, values))
        if kinds <= _PLAIN:
            return self._plain_list(values)
        if len(kinds) > 1:
            return self._kinds(values)
        (kind,) = kinds
        places = {id(value): place for place, value in reversed([*enumerate(values)])}
        if len(places) < len(values):
            distinct = sorted(places.values())
            number = {id(values[place]): n for n, place in enumerate(distinct)}
            numbers = [number[id(value)] for value in values]
            return ["same", numbers, self._list([values[place] for place in distinct])]
        if kind.__name__ in CONTAINERS and kind is CONTAINERS[kind.__name__]:
            parts = [_in_order(value) for value in values]
            flat = [part for each in parts for part in each]
            return ["lists", kind.__name__, [*map(len, parts)], self._list(flat)]
        if isinstance(values[0], enum.Enum):
            return ["words", name_of(kind), [value.name for value in values]]
        if kind is dict:
            keys = [key for value in values for key in value]
            meant = [part for value in values for part in value.values()]
            return ["dicts", [*map(len, values)], self._list(keys), self._list(meant)]
        if isinstance(values[0], np.ndarray | np.generic | Mapping | bytes):
            return ["list", [self.encode(value) for value in values]]
        columns = zip(*map(fields_of(kind), values), strict=True)
        return ["records", name_of(kind), len(values), [self._list(column) for column in columns]]

    def _kinds(self, values: Sequence[Any]) -> Any:
        of_kind: dict[type, list[Any]] = {}
        for value in values:
            of_kind.setdefault(type(value), []).append(value)
        number = {kind: n for n, kind in enumerate(of_kind)}
        numbers = [number[type(value)] for value in values]
        return ["kinds", numbers, [self._list(alike) for alike in of_kind.values()]]

    def _plain_list(self, values: Sequence[Any]) -> Any:
        try:
            msgspec.msgpack.encode(values)
        except UnicodeEncodeError:
            return ["list", [self._plain(value) for value in values]]
        return ["plain", list(values)]


def _in_order(value: Any) -> Sequence[Any]:
    """The parts of a container; of a set in an order that does not hang on hashes."""
    return sorted(value, key=repr) if isinstance(value, set | frozenset) else value


def fields_of(kind: type) -> Callable[[Any], tuple[Any, ...]]:
    """What gives the values of a record's fields, in the order of its constructor."""
    if issubclass(kind, tuple):
        return tuple
    if issubclass(kind, msgspec.Struct):
        return msgspec.structs.astuple
    names = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type] # all that are left
    if len(names) > 1:
        return attrgetter(*names)  # without a word of Python for each of a million
    return lambda value: tuple(getattr(value, name) for name in names)
