"""Connections that may be several Services', or nobody's: who they may belong to, and how to divide them.

A backend that serves two Services on one port leaves it open which of them a client dialled. Nothing is
divided unless asked for, and then by the connections that certainly were each Service's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from flowcheck.balance.count.sums import BackendEntries
from flowcheck.balance.expect.members import Catalog

ByEndpoint = Mapping[int, Mapping[int, int]]
"""Service port -> endpoint -> connections."""


class Contested(NamedTuple):
    """Connections to one endpoint and port that several service ports (``candidates``) have in common;
    ``row``: of the entries."""

    endpoint: int
    candidates: tuple[int, ...]
    connections: int
    row: int


def contested_connections(catalog: Catalog, counts: BackendEntries) -> list[Contested]:
    listeners, n_ports = catalog.services.listeners, len(catalog.ports)
    found = []
    chosen = np.flatnonzero((counts.what >= n_ports) & (counts.what < n_ports + len(listeners.serving)))
    for row in chosen.tolist():
        endpoint, place = int(counts.backend[row]), int(counts.what[row]) - n_ports
        own = slice(int(listeners.serving_first[endpoint]), int(listeners.serving_first[endpoint + 1]))
        same = (listeners.serving_slot[own] == listeners.serving_slot[place]) & (
            listeners.serving_port[own] == listeners.serving_port[place]
        )
        candidates = _distinct(catalog, listeners.serving[own][same].tolist())
        found.append(Contested(endpoint, candidates, int(counts.connections[row]), row))
    return found


def _distinct(catalog: Catalog, numbers: Sequence[int]) -> tuple[int, ...]:
    """The service ports that these count as."""
    return tuple(dict.fromkeys(catalog.counts_as(number) for number in numbers))


def ambiguous_connections(contested: Sequence[Contested]) -> dict[int, dict[int, int]]:
    """Of each service port and endpoint, the connections that may have been its: each counted for all."""
    found: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for one in contested:
        for number in one.candidates:
            found[number][one.endpoint] += one.connections
    return found


def other_port_connections(catalog: Catalog, counts: BackendEntries) -> dict[int, int]:
    """Of each service port, the connections to its backends on a port of no Service."""
    listeners = catalog.services.listeners
    found: dict[int, int] = defaultdict(int)
    for row in np.flatnonzero(counts.what == len(catalog.ports) + len(listeners.serving)).tolist():
        endpoint = int(counts.backend[row])
        first, last = int(listeners.serving_first[endpoint]), int(listeners.serving_first[endpoint + 1])
        for number in _distinct(catalog, listeners.serving[first:last].tolist()):
            found[number] += int(counts.connections[row])
    return found


def divide_by_certain(
    contested: Sequence[Contested], certain: Sequence[BackendEntries]
) -> dict[int, dict[int, int]]:
    """Divide ambiguous connections by the certain ones of their Services; none where no Service has any.

    certain: the entries of every service port.
    """
    found: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for one in contested:
        weights = [int(certain[number].connections.sum()) for number in one.candidates]
        for number, part in zip(one.candidates, apportion(one.connections, weights), strict=True):
            found[number][one.endpoint] += part
    return found


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Whole parts of ``total`` in proportion to the weights, the rest by largest remainder; nothing where all
    weights are 0."""
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    remainders = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in remainders[: total - sum(parts)]:
        parts[i] += 1
    return parts
