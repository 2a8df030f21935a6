"""Small objects, read whole into memory: what lies under a prefix, and the bytes of each.

What was read is kept while the process lives, as a cluster is read twice: to know it again, and to load it.
An object that has not changed since is not fetched anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from flowcheck.stores.arrow import ERRORS, Object, Store, store_at
from flowcheck.stores.levels import Entry, Lister
from flowcheck.stores.trouble import Trouble, trouble_of
from flowcheck.stores.uri import StorePath, name_of, odd_key
from flowcheck.stores.waiting import together

AT_ONCE = 16
MOST_KEPT = 256 << 20
"""Bytes of all that is kept."""
_RANGE = 8 << 20

_kept: dict[tuple[Store, str, object], bytes] = {}


class Listed(NamedTuple):
    """An object or, with ``odd``, why it cannot be read. ``size`` in bytes; ``modified_ns``: since 1970."""

    uri: str
    path: str
    size: int = 0
    modified_ns: int = 0
    odd: str = ""


def listed(path: StorePath) -> list[Listed]:
    """The object of this name, or all below this prefix, by name; what is hidden by a dot is passed over.

    **Raises**: RunError where the store does not tell.
    """
    place = path.place
    try:
        store = store_at(place, path.access)
        entry = store.look(place.path) if place.key and not place.key.endswith("/") else None
        if entry is not None and not entry.is_prefix:
            return [_of(path, entry)]
        return [_of(path, one) for one in _below(store.levels(), place.path)]
    except ERRORS as error:
        raise trouble_of(error).error(path.uri) from None


def _below(level: Lister, prefix: str) -> Iterator[Entry]:
    for entry in level(prefix):
        name = name_of(entry.path)
        if not entry.is_prefix or odd_key(name):
            yield entry
        elif not name.startswith("."):
            yield from _below(level, entry.path)


def _of(path: StorePath, entry: Entry) -> Listed:
    uri, odd = path.place.uri(entry.path), odd_key(name_of(entry.path))
    return Listed(uri, entry.path, entry.size, entry.modified_ns, odd)


def read_all(path: StorePath, objects: Iterable[Listed]) -> Iterator[bytes | Trouble]:
    """The bytes of each, in their order, or why there are none."""
    store = store_at(path.place, path.access)
    waiting = iter(objects)
    while some := list(islice(waiting, AT_ONCE)):
        yield from together(lambda one: _read(store, one), some, AT_ONCE)


def _read(store: Store, one: Listed) -> bytes | Trouble:
    try:
        opened = store.open(one.path)
        key = (store, one.path, opened.version)
        if key in _kept:
            return _kept[key]
        data = b"".join(_pieces(opened))
        if len(data) != opened.size or store.open(one.path).version != opened.version:
            return Trouble("changed while read", "read objects that are no longer written to")
    except ERRORS as error:
        return trouble_of(error)
    if sum(map(len, _kept.values())) + len(data) <= MOST_KEPT:
        _kept[key] = data
    return data


def _pieces(opened: Object) -> Iterator[bytes]:
    for at in range(0, opened.size, _RANGE):
        yield opened.read_at(min(_RANGE, opened.size - at), at)
