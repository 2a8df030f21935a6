"""Entries of a tally taken apart: the columns that its keys are made of, beside the sums.

Both ends of a connection may report it, so of one key's observation points the one that saw most counts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Int64
from flowcheck.balance.count.tally import TallyEntries
from flowcheck.kernels.balance import add_rows, turn

POINT = (1 << a.AT_PLACE) - 1
"""The bits of key word TWO that hold the observation point."""


class BackendEntries(NamedTuple):
    """Connections and their sums by what was asked, who answered, whence and where to, each (entries,), in
    this order.

    what, backend int32: as in :class:`flowcheck.arrays.Attributed`. segment, origin int32: -1 none; the
    number of nodes is the outside. place int32: where the backend is, seen from the client. by_time (entries,
    buckets) int64: connections in each bucket, the earliest first.
    """

    what: Int32
    backend: Int32
    segment: Int32
    origin: Int32
    place: Int32
    connections: Int64
    bytes_: Int64
    packets: Int64
    by_time: Int64


class ClientEntries(NamedTuple):
    """Connections of single senders by client and backend, each (entries,). backend int32: -1 not known."""

    what: Int32
    client: Int32
    backend: Int32
    connections: Int64
    first_seen: Int64
    last_seen: Int64


def take_apart_backends(entries: TallyEntries) -> BackendEntries:
    connections = entries.by_time.sum(axis=0)[: len(entries.backends)]
    words = entries.backends[:, : a.TWO + 1]
    keys = words & [-1, ~POINT]
    order = np.lexsort(
        (words[:, 1], -entries.backends[:, a.LOAD_BYTES], -connections, keys[:, 1], keys[:, 0])
    )
    best = order[_begins(*keys[order].T)]
    what, where = keys[best].T
    by_time = np.empty((len(best), len(entries.buckets)), dtype=np.int64)
    turn(entries.by_time, np.argsort(entries.buckets), best, by_time)
    return BackendEntries(
        what=((what >> a.HALF) - 1).astype(np.int32),
        backend=((what & a.LOW_WORD) - 1).astype(np.int32),
        segment=((where >> a.HALF) - 1).astype(np.int32),
        origin=(((where & a.LOW_WORD) >> a.AT_ORIGIN) - 1).astype(np.int32),
        place=((where >> a.AT_PLACE) & 7).astype(np.int32),
        connections=connections[best],
        bytes_=entries.backends[best, a.LOAD_BYTES],
        packets=entries.backends[best, a.LOAD_PACKETS],
        by_time=by_time,
    )


def take_apart_clients(entries: TallyEntries) -> ClientEntries:
    """Of several points' reports of one client and backend the most connections, the whole time."""
    keys = entries.clients[:, : a.TWO + 1] & [-1, ~POINT]
    order = np.lexsort((keys[:, 1], keys[:, 0]))
    begins = _begins(*keys[order].T)
    rows, (what, where) = entries.clients[order], keys[order[begins]].T
    return ClientEntries(
        what=((what >> a.HALF) - 1).astype(np.int32),
        client=((what & a.LOW_WORD) - 1).astype(np.int32),
        backend=((where >> a.AT_PLACE) - 1).astype(np.int32),
        connections=_reduced(np.maximum, rows[:, a.CLIENT_CONNECTIONS], begins),
        first_seen=_reduced(np.minimum, rows[:, a.CLIENT_FIRST], begins),
        last_seen=_reduced(np.maximum, rows[:, a.CLIENT_LAST], begins),
    )


def _begins(*words: Int32 | Int64) -> Int64:
    """Where each distinct combination of sorted words, each (n,), begins."""
    changes = np.zeros(max(len(words[0]) - 1, 0), dtype=np.bool_)
    for word in words:
        changes |= word[1:] != word[:-1]
    return np.flatnonzero(np.append(np.ones(min(len(words[0]), 1), dtype=np.bool_), changes))


def _reduced(choose: np.ufunc, column: Int64, begins: Int64) -> Int64:
    reduced: Int64 = choose.reduceat(column, begins) if len(begins) else column
    return reduced


def sum_rows(group: Int32 | Int64, n_groups: int, values: Int64) -> Int64:
    """(n_groups, columns) the sums of each group's rows, from group (rows,) and values (rows, columns)."""
    sums = np.zeros((n_groups, values.shape[1]), dtype=np.int64)
    add_rows(sums, group.astype(np.int64), np.ascontiguousarray(values))
    return sums
