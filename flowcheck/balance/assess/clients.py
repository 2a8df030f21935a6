"""What a Service port's clients say: how many, which are heavy, whether their connections stick to endpoints.

Connections of one client need not be independent: with ClientIP affinity, with a balancer that hashes the
source, or in a pool, they go where the first went. Then each client counts as one draw, or the statistic
is divided by the design effect (Rao and Scott, first order); else noise would pass for skew.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flowcheck.arrays import Int32, Int64
from flowcheck.kernels.chance.tails import chi_square_tail

SURELY, CLEARLY = 1e-3, 1.5
"""Connections are taken to follow their clients when chance explains it no better than the one, and the
dispersion is at least the other."""


class ClientCounts(NamedTuple):
    """Connections of one Service port by client and endpoint, one row a pair.

    client (pairs,) int32: endpoints on the axis, each a single sender. nth (pairs,) int64: which expected
    endpoint, -1 none of them. connections, first_seen, last_seen (pairs,) int64; microseconds.
    """

    client: Int32
    nth: Int64
    connections: Int64
    first_seen: Int64
    last_seen: Int64


class Clustering(NamedTuple):
    """``effect``: how many times the variance of independent connections, at least 1. ``follows``: whether
    connections follow their clients."""

    follows: bool
    effect: float


INDEPENDENT = Clustering(False, 1.0)


def tabulate(clients: ClientCounts, k: int) -> Int64:
    """(clients, k) connections at the expected endpoints, a row for each client that had any."""
    known = clients.nth >= 0
    distinct, row = np.unique(clients.client[known], return_inverse=True)
    table = np.zeros((len(distinct), k), dtype=np.int64)
    np.add.at(table, (row, clients.nth[known]), clients.connections[known])
    used: Int64 = table[table.sum(axis=1) > 0]
    return used


def cluster(table: Int64) -> Clustering:
    """Whether clients differ in where they go by more than chance, and the design effect of that.

    table (clients, k). Where every client stays at one endpoint, clients count instead of connections.
    """
    sizes = table.sum(axis=1)
    n = int(sizes.sum())
    if len(table) == 0 or n == len(table):
        return INDEPENDENT
    if ((table > 0).sum(axis=1) == 1).all():
        return Clustering(True, float((sizes.astype(np.float64) ** 2).sum() / n))
    used = table[:, table.sum(axis=0) > 0]
    shares = used.sum(axis=0) / n
    residual = used - np.outer(sizes, shares)
    freedom = (len(used) - 1) * (used.shape[1] - 1)
    if freedom == 0:
        return INDEPENDENT
    statistic = float((residual**2 / np.outer(sizes, shares)).sum())
    if statistic < CLEARLY * freedom or chi_square_tail(statistic, freedom) > SURELY:
        return INDEPENDENT
    return Clustering(True, max(1.0, _design_effect(residual, shares, n)))


def _design_effect(residual: np.ndarray, shares: np.ndarray, n: int) -> float:
    """The mean over the endpoints of the variance between clients over that of independent connections."""
    n_clients = len(residual)
    between = n_clients / (n_clients - 1) * (residual**2).sum(axis=0)
    return float((between / (n * shares)).sum() / (len(shares) - 1))


def main_places(clients: ClientCounts, k: int) -> Int64:
    """(k,) how many clients have each endpoint as the one they mostly went to, the first of equals."""
    table = tabulate(clients, k)
    return np.bincount(table.argmax(axis=1), minlength=k) if len(table) else np.zeros(k, dtype=np.int64)


def heavy_clients(clients: ClientCounts, most: int) -> tuple[Int32, Int64]:
    """The clients with the most connections, the greatest first: endpoints on the axis and connections."""
    if not len(clients.client):
        return clients.client, clients.connections
    distinct, row = np.unique(clients.client, return_inverse=True)
    totals = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(totals, row, clients.connections)
    order = np.lexsort((distinct, -totals))[:most]
    return distinct[order], totals[order]


def count_against_affinity(clients: ClientCounts, affinity_seconds: int) -> int:
    """Connections that ClientIP affinity should have sent elsewhere (``stray`` in reports): they reached
    another endpoint than their client's main one, within the affinity's timeout of it. Places -1 do not
    count."""
    timeout = affinity_seconds * 1_000_000
    known = np.flatnonzero(clients.nth >= 0)
    order = known[np.lexsort((clients.nth[known], -clients.connections[known], clients.client[known]))]
    who, first, last = (c[order] for c in (clients.client, clients.first_seen, clients.last_seen))
    is_main = np.ones(len(who), dtype=np.bool_)
    is_main[1:] = who[1:] != who[:-1]
    main = np.maximum.accumulate(np.where(is_main, np.arange(len(who)), 0))
    near = (first < last[main] + timeout) & (first[main] < last + timeout)
    return int(clients.connections[order][near & ~is_main].sum())
