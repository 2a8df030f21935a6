"""An API server -> a snapshot: the objects of every kind that is read, with a note of when and of what.

It is a List with a line for each object. Its kinds are listed one after the other, policies last, so that
what a policy names was there before; ``taken`` is when the first was asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import BinaryIO

import msgspec

from flowcheck.errors import RunError
from flowcheck.history.notes import Missing, Note, note_object
from flowcheck.kinds import KINDS, Role
from flowcheck.live.asking import patiently
from flowcheck.live.discovery import Discovery, Resource, discover
from flowcheck.live.listing import Listing, list_all, selectors
from flowcheck.live.server import (
    ApiServer,
    BusyError,
    ExpiredError,
    ForbiddenError,
    NotThereError,
    UnansweredError,
    UnauthorizedError,
)
from flowcheck.model.instants import SECOND, instant_of, instant_text

FORBIDDEN = "may not be listed (403)"
CLOCKS_DIFFER = 3.0
"""Seconds; answers bear whole ones, and take a while."""
_LAST = {Role.POLICY: 1}
Clock = Callable[[], int]
"""Microseconds since 1970."""


class _Server(msgspec.Struct, rename="camel"):
    git_version: str = ""


@dataclass(slots=True)
class Snapshot:
    """``objects``: each as JSON. ``counts``: how many, by what people call the resource. ``absent``: the
    groups of policies that are not installed."""

    taken: int
    until: int = 0
    server: str = ""
    objects: list[bytes] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, None] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)

    @property
    def note(self) -> Note:
        return Note(
            taken=instant_text(self.taken),
            until=instant_text(self.until),
            server=self.server,
            kinds=tuple(self.kinds),
            missing=tuple(self.missing),
        )

    def write(self, stream: BinaryIO) -> None:
        """As JSON, an object a line."""
        stream.write(b'{"apiVersion":"v1","kind":"List","items":[\n')
        stream.write(msgspec.json.encode(note_object(self.note)))
        for one in self.objects:
            stream.write(b",\n" + one)
        stream.write(b"\n]}\n")


def greet(server: ApiServer) -> str:
    """The version of a server that answers.

    Raises: RunError, which says why it does not and what to do.
    """
    try:
        return server.get("/version", _Server).git_version
    except BusyError as busy:
        raise unreachable(server, busy) from None
    except UnauthorizedError:
        raise unauthorized(server) from None
    except UnansweredError:
        return ""  # who asks may not know


def clock_ahead(server: ApiServer, now: int) -> float:
    """Seconds by which this machine's clock is ahead of the server's, as far as whole seconds tell."""
    try:
        there = instant_of(parsedate_to_datetime(server.date))
    except ValueError:
        return 0.0
    seconds = (now - there) / SECOND
    return seconds if abs(seconds) > CLOCKS_DIFFER else 0.0


def unreachable(server: ApiServer, busy: BusyError) -> RunError:
    return RunError(
        f"the API server {server.host} cannot be reached: {busy}",
        where=server.connection.where,
        hint="is it up, from here? kubectl version asks the same; --context chooses another",
    )


def unauthorized(server: ApiServer) -> RunError:
    return RunError(
        f"the API server {server.host} does not take the credentials (401)",
        where=server.connection.where,
        hint="they may have expired: log in again, or renew the token",
    )


def serves(server: ApiServer) -> Discovery:
    """What it serves. Raises: RunError."""
    try:
        found = discover(server)
    except BusyError as busy:
        raise unreachable(server, busy) from None
    except UnauthorizedError:
        raise unauthorized(server) from None
    except (ForbiddenError, NotThereError):
        hint = "bind system:discovery to who asks, or name another server"
        raise RunError("the API server does not say what it serves", where=server.host, hint=hint) from None
    if not any(one.title == "pods" for one in found.resources):
        raise RunError("serves no pods", where=server.host, hint="is it the API server of a cluster?")
    return found


def take(server: ApiServer, clock: Clock) -> Snapshot:
    """Everything there is of what is read.

    Raises: RunError where nothing can be had.
    """
    version = greet(server)
    found = serves(server)
    snapshot = Snapshot(clock(), server=version, absent=absent(found.resources))
    snapshot.missing += (
        Missing(group, f"its API does not answer: {why}") for group, why in found.silent.items()
    )
    try:
        for resource in in_order(found.resources):
            _add(snapshot, server, resource)
    except UnauthorizedError:
        raise unauthorized(server) from None
    snapshot.until = clock()
    if not snapshot.kinds:
        raise RunError(
            "nothing may be listed (403)",
            where=server.host,
            hint="give who asks the ClusterRole of deploy/rbac.yaml",
        )
    return snapshot


def in_order(resources: tuple[Resource, ...]) -> list[Resource]:
    return sorted(resources, key=lambda one: _LAST.get(one.kind.role, 0) if one.kind else 1)


def absent(resources: tuple[Resource, ...]) -> list[str]:
    """Languages' policies that are not installed, one line a group."""
    there = {one.group for one in resources}
    groups = dict.fromkeys(one.group for one in KINDS if one.role is Role.POLICY)
    return [group for group in groups if group not in there and group != "extensions"]


def _add(snapshot: Snapshot, server: ApiServer, resource: Resource) -> None:
    try:
        listings = list(listed(server, resource))
    except ForbiddenError:
        snapshot.missing.append(Missing(resource.title, FORBIDDEN))
        return
    except NotThereError:
        return  # its definition went in between
    except (BusyError, ExpiredError) as error:
        snapshot.missing.append(Missing(resource.title, f"could not be listed: {error}"))
        return
    snapshot.kinds[resource.called] = None
    for listing in listings:
        snapshot.objects += map(msgspec.json.encode, listing.objects)
        snapshot.counts[resource.title] += len(listing.objects)


def listed(server: ApiServer, resource: Resource) -> Iterator[Listing]:
    """Raises: UnansweredError, RunError."""
    for narrowed in selectors(resource):
        yield list_all(server, resource, narrowed, patiently)


def file_name(snapshot: Snapshot) -> str:
    """In a folder of snapshots: its time, as names of files have it."""
    moment = instant_text(snapshot.taken // SECOND * SECOND)
    return f"{moment.replace(':', '-')}.json"
