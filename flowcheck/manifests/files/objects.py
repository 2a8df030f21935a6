"""Manifests in an object store: what lies under a prefix, as folders have it, each object read once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING

from flowcheck.errors import Problem, RunError
from flowcheck.manifests.journal import Journal
from flowcheck.manifests.kustomize import NAMES
from flowcheck.model.places import SourceLocation
from flowcheck.stores.uri import StorePath, name_of

if TYPE_CHECKING:
    from flowcheck.stores.reading import Listed

_BUILD = "kustomize build FOLDER | flowcheck ... --cluster -"


def read_objects(
    path: StorePath, journal: Journal, most: int, is_manifest: Callable[[str, Journal], bool]
) -> Iterator[tuple[str, bytes, int, bool]]:
    """(URI, bytes, when it was written in microseconds since 1970, whether it was named itself) of each that
    is a manifest by its name, or was named. ``most``: bytes of one. What is not read is noted, and why."""
    reading = import_module("flowcheck.stores.reading")
    try:
        found: list[Listed] = reading.listed(path)
    except RunError as error:
        _refuse(journal, error.message, path.uri, error.hint)
        return
    if not found:
        _refuse(journal, "cannot be read: no such object or prefix", path.uri, "check the key; case counts")
    wanted = [
        one for one in found if one.path == path.place.path or _is_wanted(one, journal, most, is_manifest)
    ]
    for one, data in zip(wanted, reading.read_all(path, wanted), strict=True):
        if isinstance(data, bytes):
            yield one.uri, data, one.modified_ns // 1000, one.path == path.place.path
        else:
            _refuse(journal, f"cannot be read: {data.message}", one.uri, data.hint)


def _is_wanted(one: Listed, journal: Journal, most: int, is_manifest: Callable[[str, Journal], bool]) -> bool:
    if one.odd:
        _refuse(journal, f"cannot be read: {one.odd}", one.uri)
    elif name_of(one.path) in NAMES:
        _refuse(journal, "a kustomization, which is read from folders alone", one.uri, _BUILD)
    elif not is_manifest(one.uri, journal):
        return False
    elif one.size > most:
        _refuse(journal, f"is larger than {most >> 20} MiB", one.uri, "split it")
    else:
        return True
    return False


def _refuse(journal: Journal, why: str, uri: str, hint: str = "") -> None:
    journal.refuse([Problem(why, uri, hint)], source=SourceLocation(uri))
