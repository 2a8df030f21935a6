"""What reached the groups of a phase: of which entries, of whose connections, and by which client.

Counted are the connections to the service ports that were dialled. Where the records name none of them, as
where a proxy's log names the targets, those of the targets count, and those that may be either's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from flowcheck.arrays import Int32, Int64
from flowcheck.balance.count.sums import BackendEntries, ClientEntries
from flowcheck.balance.expect.contested import Contested
from flowcheck.balance.expect.members import Catalog
from flowcheck.balance.split.choosers import Chooser, Client, Clients
from flowcheck.balance.split.phases import Phase

MINUTE = 60_000_000
"""Microseconds."""


class Tallied(NamedTuple):
    """All that was counted. ``buckets`` (b,) int64, ascending, are ``level`` minutes' powers wide;
    ``sampled``: at which level clients are."""

    catalog: Catalog
    entries: BackendEntries
    clients: ClientEntries
    contested: Sequence[Contested]
    buckets: Int64
    level: int
    sampled: int


class Seen(NamedTuple):
    """Of one phase. ``by_endpoint``: connections; ``by_client`` (clients, endpoint) likewise, of a sample.
    ``pairs`` of clients and endpoints, and ``clients``, about."""

    by_endpoint: dict[int, int]
    by_client: dict[tuple[int, int], int]
    pairs: int = 0
    clients: int = 0
    why: str = ""


def rows_for(tallied: Tallied, host: Iterable[int], targets: Iterable[int]) -> tuple[Int64, frozenset[int]]:
    """The rows of the entries that count for a route, and of which service ports they are."""
    counted = tallied.catalog.counts_as
    own, other = {counted(number) for number in host}, {counted(number) for number in targets}
    rows = _rows(tallied.entries.what, own)
    if tallied.entries.connections[rows].any() or other <= own:
        return rows, frozenset(own)
    both = own | other
    either = [one.row for one in tallied.contested if both.issuperset(one.candidates)]
    rows = np.concatenate([_rows(tallied.entries.what, both), np.array(either, dtype=np.int64)])
    return rows, frozenset(both)


def rows_of(what: Int32, number: int) -> slice:
    """The rows of one service port, which stand together."""
    first, last = np.searchsorted(what, (number, number + 1)).tolist()
    return slice(first, last)


def _rows(what: Int32, numbers: Iterable[int]) -> Int64:
    rows = [np.arange(len(what))[rows_of(what, number)] for number in sorted(numbers)]
    return np.concatenate(rows) if rows else np.empty(0, dtype=np.int64)


def see(
    tallied: Tallied,
    phase: Phase,
    rows: Int64,
    ports: frozenset[int],
    clients: Clients,
    reads: Callable[[Client], bool],
) -> Seen:
    """``reads``: whether a client's proxy goes by the route.

    Of clients it is known when they first and last reached an endpoint, so their counts can take the place of
    those over time where none goes on past an end of the phase.
    """
    readers = {endpoint for endpoint, client in clients.known.items() if reads(client)}
    why = _who(clients, readers)
    pure = not why and len(readers) == len(clients.known) and not clients.others
    start, end = phase.start, phase.end
    own = ClientEntries._make(column[_rows(tallied.clients.what, ports)] for column in tallied.clients)
    then = np.isin(own.client, list(readers)) & (own.first_seen < end) & (own.last_seen >= start)
    beyond = bool((then & ((own.first_seen < start) | (own.last_seen >= end))).any())
    by_client = _by_client(own, then)
    about = len(by_client) << tallied.sampled, len({client for client, _ in by_client}) << tallied.sampled
    if pure or why:
        return Seen(_by_time(tallied, rows, start, end), by_client, *about, why)
    by_endpoint: dict[int, int] = {}
    for (_, endpoint), connections in by_client.items():
        by_endpoint[endpoint] = by_endpoint.get(endpoint, 0) + connections
    return Seen(by_endpoint, by_client, *about, "clients_differ" if beyond or tallied.sampled else "")


def _who(clients: Clients, readers: set[int]) -> str:
    """Why it is not known of enough clients what chose for them."""
    if not clients.known and not clients.others:
        return "clients_not_known"
    if Chooser.OPEN in clients.choosers:
        return "clients_differ"
    return "" if readers else "no_proxy"


def _by_time(tallied: Tallied, rows: Int64, start: int, end: int) -> dict[int, int]:
    """Only buckets that lie inside."""
    width = MINUTE << tallied.level
    begins = tallied.buckets * width
    columns = np.flatnonzero((begins >= start) & (begins + width <= end))
    sums = tallied.entries.by_time[np.ix_(rows, columns)].sum(axis=1).tolist()
    found: dict[int, int] = {}
    for endpoint, connections in zip(tallied.entries.backend[rows].tolist(), sums, strict=True):
        if endpoint >= 0:
            found[endpoint] = found.get(endpoint, 0) + connections
    return found


def _by_client(clients: ClientEntries, chosen: np.ndarray) -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = {}
    columns = (clients.client[chosen], clients.backend[chosen], clients.connections[chosen])
    for client, endpoint, connections in zip(*(column.tolist() for column in columns), strict=True):
        if endpoint >= 0 and connections:
            found[client, endpoint] = found.get((client, endpoint), 0) + connections
    return found


def in_groups(phase: Phase, by_endpoint: Mapping[int, int]) -> tuple[dict[tuple[int, ...], int], int]:
    """Connections of each group, and those at endpoints that no rule sends to."""
    groups: dict[tuple[int, ...], int] = {}
    for endpoint, connections in by_endpoint.items():
        if endpoint in phase.group_of:
            group = phase.group_of[endpoint]
            groups[group] = groups.get(group, 0) + connections
    return groups, sum(by_endpoint.get(endpoint, 0) for endpoint in phase.forbidden)
