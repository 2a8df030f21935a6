"""All objects of a resource, page by page, each pruned as it comes.

A list that the server no longer keeps in its middle (410) is begun again, at last as one answer. A resource
of which only objects of certain names are read is asked for each of them, so that nothing else is seen and
nothing else need be allowed.

Source: Kubernetes API concepts, "Retrieving large results sets in chunks"; meta/v1 ListMeta.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import msgspec

from flowcheck.kinds import ONLY_CALLED
from flowcheck.live.asking import patiently
from flowcheck.live.discovery import Resource
from flowcheck.live.pruning import named_only, pruned
from flowcheck.live.server import ApiServer, ExpiredError
from flowcheck.objects.network.plugins import CONFIG_MAPS

PAGE = 500
TRIES = 3
"""Of a list in pages; then it is asked for in one."""
Asks = Callable[[Callable[[], Any]], Any]


class Listing(NamedTuple):
    """``version``: the resourceVersion that the list is of, from which a watch may go on."""

    objects: list[dict[str, Any]]
    version: str


class _ListMeta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class _List(msgspec.Struct):
    metadata: _ListMeta
    items: list[dict[str, Any]] | None = None


def kept(resource: Resource, told: dict[str, Any]) -> dict[str, Any]:
    """What is kept of an object of a resource."""
    if resource.kind is None:
        return named_only(resource.group, resource.version, resource.name, told)
    return pruned(resource.kind, resource.version, told)


def selectors(resource: Resource) -> tuple[dict[str, str], ...]:
    """What narrows the questions for a resource, one for each; an empty one narrows nothing."""
    names = ONLY_CALLED.get((resource.group, resource.name), frozenset())
    if (resource.group, resource.name) == ("", "ConfigMap"):
        names |= CONFIG_MAPS
    return tuple({"fieldSelector": f"metadata.name={name}"} for name in sorted(names)) or ({},)


def list_all(
    server: ApiServer, resource: Resource, narrowed: dict[str, str], ask: Asks = patiently
) -> Listing:
    """Raises: UnansweredError, RunError."""
    for _ in range(TRIES):
        try:
            return _pages(server, resource, {**narrowed, "limit": PAGE}, ask)
        except ExpiredError:
            continue
    return _pages(server, resource, {**narrowed}, ask)


def _pages(server: ApiServer, resource: Resource, query: dict[str, Any], ask: Asks) -> Listing:
    found: list[dict[str, Any]] = []
    for page in _each(server, resource, query, ask):
        found += (kept(resource, one) for one in page.items or ())
        version = page.metadata.resource_version
    return Listing(found, version)


def _each(server: ApiServer, resource: Resource, query: dict[str, Any], ask: Asks) -> Iterator[_List]:
    while True:
        page: _List = ask(partial(server.get, resource.path, _List, query))
        yield page
        if not page.metadata.continue_:
            return
        query = {**query, "continue": page.metadata.continue_}
