"""Ways in which connections are spread over the endpoints of a simulated Service."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

MINUTES = 12
SEED = 5
Random = np.random.Generator
Draw = Callable[[Random, int], np.ndarray]


class World(NamedTuple):
    """One kind of Service. ``draw`` gives (minutes, clients, k) connections from a random source and k; of a
    single client nobody knows who it is. ``affinity`` is the Service's."""

    name: str
    draw: Draw
    k: int = 3
    affinity: str = "None"


def by_chance(n: int, skew: float = 0.0, clients: int = 1) -> Draw:
    """Each connection by itself; the first endpoint is ``skew`` likelier than the others on average."""

    def draw(chosen: Random, k: int) -> np.ndarray:
        share = np.full(k, (1 - (1 + skew) / k) / max(k - 1, 1))
        share[0] = (1 + skew) / k
        cells = np.tile(share, MINUTES * clients) / (MINUTES * clients)
        return chosen.multinomial(n, cells).reshape(MINUTES, clients, k)

    return draw


def in_turn(n: int) -> Draw:
    """Round robin, as one proxy would."""

    def draw(_chosen: Random, k: int) -> np.ndarray:
        turns = np.arange(n)
        counts = np.zeros((MINUTES, 1, k), dtype=np.int64)
        np.add.at(counts, (turns * MINUTES // n, 0, turns % k), 1)
        return counts

    return draw


def by_hash(n: int) -> Draw:
    """A Maglev-like table: each endpoint has its places of a prime number, each connection hashes to one."""
    places = 16_381

    def draw(chosen: Random, k: int) -> np.ndarray:
        owner = np.arange(places) % k
        endpoint = owner[chosen.permutation(places)][chosen.integers(places, size=n)]
        counts = np.zeros((MINUTES, 1, k), dtype=np.int64)
        np.add.at(counts, (np.sort(chosen.integers(MINUTES, size=n)), 0, endpoint), 1)
        return counts

    return draw


def by_client(n: int, clients: int) -> Draw:
    """Every client stays where it is; some have far more connections than others."""

    def draw(chosen: Random, k: int) -> np.ndarray:
        size = chosen.multinomial(n - clients, chosen.dirichlet(np.full(clients, 0.5))) + 1
        home = chosen.integers(k, size=clients)
        counts = np.zeros((MINUTES, clients, k), dtype=np.int64)
        for client in range(clients):
            counts[:, client, home[client]] = chosen.multinomial(size[client], np.full(MINUTES, 1 / MINUTES))
        return counts

    return draw


def one_at_a_time(n: int) -> Draw:
    """An even total made of minutes that each go to one endpoint."""

    def draw(_chosen: Random, k: int) -> np.ndarray:
        counts = np.zeros((MINUTES, 1, k), dtype=np.int64)
        counts[np.arange(MINUTES), 0, np.arange(MINUTES) % k] = n // MINUTES
        return counts

    return draw


def even_services(n_services: int, seed: int = SEED) -> list[World]:
    """Services without skew: 2 to 20 endpoints, 50 to 20,000 connections, evenly on a log scale."""
    chosen = np.random.default_rng(seed)
    sizes = chosen.integers(2, 21, size=n_services)
    connections = np.exp(chosen.uniform(np.log(50), np.log(20_000), size=n_services)).astype(int)
    return [World("even", by_chance(int(n)), int(k)) for n, k in zip(connections, sizes, strict=True)]


SCHEDULERS = (
    World("random, 10,000 connections", by_chance(10_000)),
    World("random, 60 known clients", by_chance(10_000, clients=60)),
    World("random, 3 known clients", by_chance(10_000, clients=3)),
    World("round robin", in_turn(10_000)),
    World("Maglev-like hash of every connection", by_hash(10_000)),
    World("hash of the client, 6 clients", by_client(10_000, 6)),
    World("hash of the client, 300 clients", by_client(10_000, 300)),
    World("ClientIP affinity, 6 clients", by_client(10_000, 6), affinity="ClientIP"),
    World("ClientIP affinity, 300 clients", by_client(10_000, 300), affinity="ClientIP"),
    World("random, one endpoint 20 % above the others' mean", by_chance(10_000, 0.2)),
    World("random, 12 connections", by_chance(12)),
    World("one endpoint at a time", one_at_a_time(10_000)),
)
