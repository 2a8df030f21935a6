"""Results -> an object store: whole files, in an order in which nothing half written passes for a result."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from flowcheck.errors import OutputError, RunError
from flowcheck.stores.arrow import ERRORS, Store, store_at
from flowcheck.stores.trouble import Trouble, trouble_of
from flowcheck.stores.uri import StorePath
from flowcheck.stores.waiting import together

AT_ONCE = 4


def refuse_taken(out: StorePath, last: Sequence[str]) -> None:
    """What has one of the files that come ``last`` is a whole result, and is not written over.

    **Raises**: RunError; OutputError where the store does not tell, as it will not take anything either.
    """
    store, base = _opened(out)
    try:
        taken = next((name for name in last if store.look(f"{base}/{name}") is not None), None)
        if out.place.key:
            store.level(base)  # a bucket that is not there has no objects either
        else:
            raise RunError(
                "a bucket's root is no place for results", where=out.uri, hint="name a prefix in it"
            )
    except ERRORS as error:
        raise _failed(out.uri, trouble_of(error)) from None
    if taken is not None:
        raise RunError(
            f"there is a result already ({taken})",
            where=out.uri,
            hint="name another prefix: what is in a store is not written over, as it could not be put back",
        )


def put_all(folder: Path, names: Sequence[str], out: StorePath, last: Sequence[str]) -> None:
    """The files of a folder, those that are named ``last`` after all others, in their order.

    **Raises**: OutputError: what came last is not there then.
    """
    store, base = _opened(out)

    def put(name: str) -> None:
        _put(store, folder / name, f"{base}/{name}", out.place.uri(f"{base}/{name}"))

    first = [name for name in names if name not in last]
    for some in (first, *([name] for name in last if name in names)):
        for _ in together(put, some, AT_ONCE):
            pass


def _put(store: Store, file: Path, path: str, uri: str) -> None:
    size = os.path.getsize(file)
    try:
        with open(file, "rb") as content:
            store.put(content, path)
        there = store.look(path)
    except ERRORS as error:
        raise _failed(uri, trouble_of(error)) from None
    if there is None or there.size != size:
        found = 0 if there is None else there.size
        raise _failed(uri, Trouble(f"{found} of {size} bytes are there", "try again"))


def _opened(out: StorePath) -> tuple[Store, str]:
    try:
        return store_at(out.place, out.access), out.place.path
    except ERRORS as error:
        raise _failed(out.uri, trouble_of(error)) from None


def _failed(uri: str, trouble: Trouble) -> OutputError:
    return OutputError(f"cannot write: {trouble.message}", where=uri, hint=trouble.hint)
