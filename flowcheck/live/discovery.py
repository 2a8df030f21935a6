"""What an API server serves of the kinds that are read, and of policies in other languages.

Where two groups serve the same objects, one is asked. Of several versions the one that the server prefers, as
kubectl does; a kind that this one lacks, in the first that has it.

Source: /api, /apis: meta/v1 APIGroupList, APIResourceList.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

import msgspec

from flowcheck.kinds import KINDS, LANGUAGES, Kind, called, language_of
from flowcheck.live.asking import patiently
from flowcheck.live.server import ApiServer, BusyError, ForbiddenError, NotThereError

_YIELDS = {
    "extensions": ("apps", "networking.k8s.io"),
    "crd.projectcalico.org": ("projectcalico.org",),
}
"""Groups, and those that serve the same objects in their place."""
_GROUPS = frozenset(one.group for one in KINDS) | LANGUAGES.keys()
_READ = {(one.group, one.plural): one for one in KINDS}


class Resource(NamedTuple):
    """Something to list: ``kind`` None: in a language that is not read, of which names alone are kept."""

    group: str
    version: str
    plural: str
    name: str
    kind: Kind | None

    @property
    def path(self) -> str:
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        return f"{root}/{self.plural}"

    @property
    def title(self) -> str:
        """How people name it: ``networkpolicies.networking.k8s.io``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def called(self) -> str:
        return called(self.group, self.name)


class Discovery(NamedTuple):
    """``silent``: groups that are there and do not answer, with why."""

    resources: tuple[Resource, ...]
    silent: dict[str, str]


class _Version(msgspec.Struct):
    version: str


class _Group(msgspec.Struct, rename="camel"):
    name: str
    versions: list[_Version]
    preferred_version: _Version | None = None


class _Groups(msgspec.Struct):
    groups: list[_Group]


class _Resource(msgspec.Struct):
    name: str
    kind: str
    verbs: list[str] = []


class _Resources(msgspec.Struct):
    resources: list[_Resource] = []


def discover(server: ApiServer) -> Discovery:
    """Raises: RunError, UnansweredError."""
    silent: dict[str, str] = {}
    found = list(_served(server, "", ["v1"], silent))
    for group in patiently(lambda: server.get("/apis", _Groups)).groups:
        if group.name in _GROUPS or not _is_built_in(group.name):
            preferred = group.preferred_version.version if group.preferred_version else ""
            versions = sorted((one.version for one in group.versions), key=lambda one: one != preferred)
            found += _served(server, group.name, versions, silent)
    return Discovery(tuple(_once(found)), silent)


def _served(
    server: ApiServer, group: str, versions: Iterable[str], silent: dict[str, str]
) -> Iterator[Resource]:
    seen: set[str] = set()
    for version in versions:
        path = f"/apis/{group}/{version}" if group else f"/api/{version}"
        try:
            listed = patiently(partial(server.get, path, _Resources)).resources
        except NotThereError:
            continue
        except (BusyError, ForbiddenError) as error:
            if group in _GROUPS:
                silent[group] = "may not be asked for" if isinstance(error, ForbiddenError) else str(error)
            continue
        for one in listed:
            kind = _READ.get((group, one.name))
            wanted = kind is not None or language_of(group, one.kind)
            if wanted and "/" not in one.name and "list" in one.verbs and one.name not in seen:
                seen.add(one.name)
                yield Resource(group, version, one.name, one.kind, kind)


def _once(found: list[Resource]) -> Iterator[Resource]:
    """Without what another group, or another kind, serves in its place."""
    there = {(one.group, one.name) for one in found}
    for one in found:
        others = _YIELDS.get(one.group, ())
        if any((group, one.name) in there for group in others):
            continue
        if one.name == "Endpoints" and ("discovery.k8s.io", "EndpointSlice") in there:
            continue
        yield one


def _is_built_in(group: str) -> bool:
    return "." not in group or group.endswith(".k8s.io")
