"""Draws the connections of a changing cluster: who called whom, when, and what became of it.

Connections through a Service go to pods that have been ready for three seconds and stay so for three.
Every third connection begins within a minute of a moment at which an address or a label changed, half of
those within a second or two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from benchmarks.churn.day import Day
from benchmarks.churn.pods import NEVER, ChurnPod
from benchmarks.churn.truth import Verdicts
from benchmarks.churn.world import INTERNET, MINUTE, PARTNER, SECOND, SKEW, START, TCP, ChurnWorkload

ALLOWED, DENIED = 1, 2
SETTLED = 3 * SECOND
NEAR_A_MOMENT = 1 / 3
WIDTHS = (SECOND, 20 * SECOND)
"""How far from such a moment a connection begins: half of them as near as clocks are wrong."""
FAULTY = {"deny": 0.05, "allow": 0.0005}
"""The share of connections of each verdict with which the network did not do as the policies say."""

End = ChurnPod | str
"""A pod, or an external address."""


class Edge(NamedTuple):
    """Who calls whom: workload indexes, or -1 for outside."""

    client: int
    server: int
    port: int
    protocol: int


class Connection(NamedTuple):
    """``service``: the Service that was dialled, if one was. ``at``: the true instant."""

    at: int
    src: End
    dst: End
    edge: Edge
    service: ChurnWorkload | None
    verdict: str
    action: int


class Drawing:
    """Draws connections of one day. ``open``: when they may begin, so that every clock shows that day."""

    def __init__(self, day: Day) -> None:
        self.open = (START + SKEW, day.world.size.end - SKEW)
        self.rng = np.random.Generator(np.random.PCG64([day.world.seed, 3]))
        self.verdicts = Verdicts(day)
        self.pods: dict[int, list[ChurnPod]] = defaultdict(list)
        for pod in day.pods:
            if pod.tenancies:
                self.pods[pod.workload.index].append(pod)
        self.alive = {
            index: np.array([(pod.started, pod.finished) for pod in pods], dtype=np.int64)
            for index, pods in self.pods.items()
        }
        self.edges, self.weight = _edges(day, self.rng)
        self.touching: dict[int, list[Edge]] = defaultdict(list)
        for edge in self.edges:
            for index in {edge.client, edge.server} - {-1}:
                self.touching[index].append(edge)
        self.moments = list(_moments(day))

    def connections(self) -> Iterator[Connection]:
        """Connections without end, in no order."""
        while True:
            for number in self.rng.choice(len(self.edges), 10_000, p=self.weight).tolist():
                any_time = self.rng.random() >= NEAR_A_MOMENT
                drawn = self._any_time(self.edges[number]) if any_time else self._near_a_moment()
                if drawn is not None:
                    yield drawn

    def _any_time(self, edge: Edge) -> Connection | None:
        return self._connect(int(self.rng.integers(*self.open)), edge, None)

    def _near_a_moment(self) -> Connection | None:
        """A connection from or to a pod of which something changes within a minute."""
        moment, pod = self.moments[int(self.rng.integers(0, len(self.moments)))]
        at = moment + int(self.rng.normal(0, WIDTHS[int(self.rng.integers(0, 2))]))
        edges = self.touching[pod.workload.index]
        since, until = self.open
        if not since <= at < until or abs(at - moment) > MINUTE or not pod.runs(at):
            return None
        return self._connect(at, edges[int(self.rng.integers(0, len(edges)))], pod)

    def _connect(self, at: int, edge: Edge, pod: ChurnPod | None) -> Connection | None:
        """Choose both ends among those that run at that instant; ``pod`` is to be one of them."""
        index = pod.workload.index if pod is not None else None
        src = pod if index == edge.client else self._one(edge.client, INTERNET, at)
        dst = pod if index == edge.server and src is not pod else self._one(edge.server, PARTNER, at)
        if src is None or dst is None or src is dst:
            return None
        service = None
        inside = isinstance(src, ChurnPod) and isinstance(dst, ChurnPod)
        if inside and self.rng.random() < 0.4 and _is_settled(dst, at):
            service = dst.workload
        verdict = self.verdicts.of(src, dst, edge.protocol, edge.port, at)
        return Connection(at, src, dst, edge, service, verdict, self._action(verdict))

    def _one(self, index: int, outside: tuple[str, ...], at: int) -> End | None:
        if index < 0:
            return outside[int(self.rng.integers(0, len(outside)))]
        if index not in self.alive:
            return None
        started, finished = self.alive[index].T
        running = np.flatnonzero((started <= at) & (at < finished))
        if not len(running):
            return None
        pod = self.pods[index][int(running[self.rng.integers(0, len(running))])]
        return pod if pod.runs(at) else None

    def _action(self, verdict: str) -> int:
        """What the network did: mostly what the policies say."""
        right, wrong = (DENIED, ALLOWED) if verdict == "deny" else (ALLOWED, DENIED)
        return wrong if self.rng.random() < FAULTY[verdict] else right


def _is_settled(pod: ChurnPod, at: int) -> bool:
    return any(since + SETTLED <= at < until - SETTLED for since, until in pod.ready)


def _moments(day: Day) -> Iterable[tuple[int, ChurnPod]]:
    for pod in day.pods:
        times = [since for since, _ in pod.labelled[1:]]
        times += [time for one in pod.tenancies for time in (one.start, one.end)]
        yield from ((time, pod) for time in times if START < time < NEVER)


def _edges(day: Day, rng: np.random.Generator) -> tuple[list[Edge], np.ndarray]:
    """Everybody's edges with their weights: allowed at first, then those that no client is meant to use."""
    world = day.world
    apps = world.workloads[:-1]
    servers = [w for w in apps if w.kind != "Job"]
    edges: dict[Edge, float] = {}

    def add(share: float, found: list[Edge]) -> None:
        drawn = 1.0 / (rng.permutation(len(found)) + 3.0)
        for edge, weight in zip(found, share * drawn / drawn.sum(), strict=True):
            edges[edge] = edges.get(edge, 0.0) + weight

    def to(client: int, server: ChurnWorkload) -> Edge:
        return Edge(client, server.index, server.port, server.protocol)

    add(0.75, [to(client, w) for w in servers for client in w.clients])
    add(0.06, [to(w.index, world.dns) for w in apps])
    add(0.05, [to(client.index, w) for w in servers if w.shared for client in apps[::3] if client is not w])
    add(0.05, [to(-1, w) for w in servers if w.public])
    add(0.03, [Edge(w.index, -1, 443, TCP) for w in apps if w.partner])
    strangers = rng.integers(0, [len(apps), len(servers)], (len(apps) * 2, 2))
    add(0.04, [to(int(c), servers[s]) for c, s in strangers if servers[s].index != c])
    add(0.02, [Edge(c, w.index, 22, TCP) for w in servers for c in w.clients[:1]])
    weight = np.array(list(edges.values()))
    return list(edges), weight / weight.sum()
