"""The plan of a cluster that changes all day: nodes, workloads, who may talk with whom, what changes when.

What ``build`` makes is read by ``controllers`` (which lets the pods live), ``objects`` (which writes
Kubernetes objects) and ``drawing`` (which draws flows). Units: instants and durations are
microseconds, instants since 1970-01-01 UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

SECOND = 1_000_000
MINUTE, HOUR = 60 * SECOND, 3600 * SECOND
START = int(datetime(2026, 3, 10, tzinfo=UTC).timestamp()) * SECOND
SNAPSHOT_EVERY = 5 * MINUTE
SKEW = 2 * SECOND
"""How far from a change a recorded time must be for its ends to be known; flowcheck's default."""
CLOCK = SECOND
"""How wrong a node's clock may be, either way."""

TCP, UDP = 6, 17
PORTS = (8080, 5432, 6379, 50051, 8443)
INTERNET = tuple(f"198.18.{i}.{i + 10}" for i in range(20))
PARTNER = tuple(f"198.51.100.{i}" for i in range(10, 30))


@dataclass(frozen=True)
class ChurnSize:
    """``n_pods`` of Deployments and StatefulSets run at a time, five times as many over the hours;
    flows are ``n_rows`` records. ``large`` writes more than twice the JSON of ``day``."""

    name: str
    n_nodes: int
    n_namespaces: int
    n_deployments: int
    n_stateful: int
    n_jobs: int
    n_pods: int
    n_rows: int
    hours: int

    @property
    def end(self) -> int:
        return START + self.hours * HOUR


SIZES = {
    size.name: size
    for size in (
        ChurnSize("tiny", 6, 4, 14, 3, 3, 80, 8_000, 2),
        ChurnSize("day", 40, 12, 115, 20, 15, 740, 300_000, 24),
        ChurnSize("large", 40, 12, 115, 20, 15, 2_000, 300_000, 24),
    )
}


@dataclass(frozen=True)
class ChurnWorkload:
    """``clients`` and ``servers`` are indexes of workloads it may talk with; a Job serves nobody.

    ``modern``: admits no client labelled version v1. ``shared``: admits namespaces labelled env=prod.
    ``public``: admits external addresses. ``partner``: may call the partner's addresses.
    """

    index: int
    namespace: str
    name: str
    kind: str
    replicas: int
    port: int
    protocol: int = TCP
    modern: bool = False
    shared: bool = False
    public: bool = False
    partner: bool = False
    clients: list[int] = field(default_factory=list)
    servers: list[int] = field(default_factory=list)

    @property
    def service_address(self) -> str:
        return f"10.96.{self.index // 250}.{self.index % 250 + 1}"


@dataclass(frozen=True)
class Changes:
    """What operators do during the day.

    At ``first`` the ingress policy of workload ``edited`` loses the client ``dropped``. At ``second`` that
    of ``removed`` is deleted and ``added`` gets one it had lacked. At ``relabelled_at`` the namespace
    ``relabelled`` goes from env=prod to env=staging.
    """

    first: int
    edited: int
    dropped: int
    second: int
    removed: int
    added: int
    relabelled_at: int
    relabelled: str


@dataclass(frozen=True)
class ChurnWorld:
    """``clock`` (nodes,) int64: what each node's clock adds to the true time."""

    size: ChurnSize
    seed: int
    namespaces: tuple[str, ...]
    workloads: tuple[ChurnWorkload, ...]
    changes: Changes
    clock: np.ndarray

    @property
    def dns(self) -> ChurnWorkload:
        return self.workloads[-1]


def node_name(node: int) -> str:
    return f"node-{node:02d}"


def pod_range(node: int) -> str:
    """The first three bytes of the addresses that a node gives its pods."""
    return f"10.64.{node}"


def rfc3339(at: int, timespec: str = "seconds") -> str:
    """An instant as Kubernetes writes it; ``timespec`` "microseconds" for what is exact."""
    text = datetime.fromtimestamp(at // SECOND, UTC).replace(microsecond=at % SECOND)
    return text.isoformat(timespec=timespec).replace("+00:00", "Z")


def build(size: ChurnSize, seed: int) -> ChurnWorld:
    """Plan a world; the same size and seed give the same world."""
    rng = np.random.Generator(np.random.PCG64([seed, 1]))
    namespaces = (*(f"team-{i:02d}" for i in range(size.n_namespaces - 1)), "kube-system")
    workloads = [*_apps(rng, size, namespaces), *_jobs(rng, size, namespaces)]
    workloads.append(ChurnWorkload(len(workloads), "kube-system", "dns", "Deployment", 3, 53, UDP))
    _connect(rng, workloads)
    clock = rng.integers(-CLOCK, CLOCK + 1, size.n_nodes)
    return ChurnWorld(size, seed, namespaces, tuple(workloads), _changes(size, workloads), clock)


def _apps(rng: np.random.Generator, size: ChurnSize, namespaces: tuple[str, ...]) -> list[ChurnWorkload]:
    """Deployments, then StatefulSets; every namespace has some, replica counts are skewed."""
    n_apps = size.n_deployments - 1 + size.n_stateful
    weight = 1.0 / (np.arange(n_apps) + 8.0)
    spare = max(0, size.n_pods - n_apps - 3)
    replicas = 1 + rng.multinomial(spare, rng.permutation(weight / weight.sum()))
    return [
        ChurnWorkload(
            index=i,
            namespace=namespaces[i % (len(namespaces) - 1)],
            name=f"app-{i:03d}" if i < size.n_deployments - 1 else f"db-{i:03d}",
            kind="Deployment" if i < size.n_deployments - 1 else "StatefulSet",
            replicas=int(replicas[i]),
            port=PORTS[i % len(PORTS)],
            modern=i % 4 == 1,
            shared=i % 5 == 2,
            public=i % 7 == 3,
            partner=i % 7 == 5,
        )
        for i in range(n_apps)
    ]


def _jobs(rng: np.random.Generator, size: ChurnSize, namespaces: tuple[str, ...]) -> list[ChurnWorkload]:
    first = size.n_deployments - 1 + size.n_stateful
    return [
        ChurnWorkload(
            i, namespaces[i % (len(namespaces) - 1)], f"job-{i:03d}", "Job", int(rng.integers(1, 5)), 0
        )
        for i in range(first, first + size.n_jobs)
    ]


def _connect(rng: np.random.Generator, workloads: list[ChurnWorkload]) -> None:
    """Each workload but the DNS gets about four servers, popular ones more often."""
    servers = [w.index for w in workloads if w.kind != "Job" and w.protocol == TCP]
    for client in workloads[:-1]:
        drawn = (len(servers) * rng.random(5) ** 2).astype(np.int64)
        for server in dict.fromkeys(servers[i] for i in drawn.tolist()):
            if server != client.index:
                client.servers.append(server)
                workloads[server].clients.append(client.index)


def _changes(size: ChurnSize, workloads: list[ChurnWorkload]) -> Changes:
    """The three servers with most clients have their policies changed, at odd fractions of a second."""
    by_clients = sorted(workloads[:-1], key=lambda w: (-len(w.clients), w.index))
    edited, removed, added = by_clients[:3]
    day = size.end - START
    return Changes(
        first=START + day * 3 // 8 + 17_417_003,
        edited=edited.index,
        dropped=edited.clients[0],
        second=START + day * 2 // 3 + 3_250_111,
        removed=removed.index,
        added=added.index,
        relabelled_at=START + day // 2 + 41_700_009,
        relabelled=workloads[0].namespace,
    )
