"""A made-up cluster as numbers: workloads, addresses, and the edges that flows are drawn from.

``build`` is read by ``manifests`` (which writes the cluster and policies that allow exactly the allowed
edges) and by ``records`` (which draws flow records). A *group* is a run of addresses that are drawn
alike: first the workloads in their order, then outside networks, then addresses that nobody owns.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from benchmarks.inputs.sizes import Size

TCP, UDP = 6, 17
ALLOWED, DENIED = 1, 2

SERVING = (
    ("http", 8080),
    ("grpc", 50051),
    ("postgres", 5432),
    ("redis", 6379),
    ("https", 8443),
    ("amqp", 5672),
    ("", 9000),
)
"""Names and numbers of serving ports; the one without a name is a range of ports, RANGE long."""
RANGE = 11
METRICS = 9102

INTERNET = tuple(f"198.18.{i}" for i in range(30))
BLOCKED, PARTNER = "203.0.113", "198.51.100"

SHARES = {
    "allowed": 0.82,
    "dns": 0.08,
    "scrape": 0.02,
    "internet": 0.035,
    "partner": 0.0095,
    "unresolved": 0.025,
    "denied": 0.007,
    "wrong_port": 0.001,
    "blocked": 0.001,
    "excepted": 0.001,
    "dropped": 0.0005,
    "denied_as_meant": 0.005,
}
"""The share of flow records of each kind of edge; about one in a hundred violates a policy."""


@dataclass(frozen=True)
class Workload:
    """``port`` is what it serves; ``clients`` and ``servers`` are indexes of workloads it may talk with."""

    index: int
    namespace: str
    name: str
    kind: str
    replicas: int
    port_name: str
    port: int
    shared: bool = False
    public: bool = False
    uses_partner: bool = False
    clients: list[int] = field(default_factory=list)
    servers: list[int] = field(default_factory=list)

    @property
    def ranged(self) -> bool:
        return not self.port_name


@dataclass(frozen=True)
class Edges:
    """One entry per edge: groups ``src`` and ``dst``, ``port``, ``protocol``, ``action``, ``weight``.

    Arrays: each (edges,); ``weight`` float64 sums to 1.
    """

    src: np.ndarray
    dst: np.ndarray
    port: np.ndarray
    protocol: np.ndarray
    action: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class World:
    """``first`` and ``count`` (groups,) int64 say which ``addresses`` belong to a group."""

    size: Size
    seed: int
    namespaces: tuple[str, ...]
    workloads: tuple[Workload, ...]
    addresses: tuple[str, ...]
    first: np.ndarray
    count: np.ndarray
    edges: Edges


def node_of(size: Size, pod: int) -> int:
    return pod % size.n_nodes


def pod_address(size: Size, pod: int) -> str:
    """Pods are dealt to the nodes in turn; node ``n`` owns 10.(64 + n / 256).(n % 256).0/24."""
    node = node_of(size, pod)
    return f"10.{64 + node // 256}.{node % 256}.{2 + pod // size.n_nodes}"


def pod_cidr(node: int) -> str:
    return f"10.{64 + node // 256}.{node % 256}.0/24"


def build(size: Size, seed: int) -> World:
    """Plan a world of this size; the same seed gives the same world."""
    rng = np.random.Generator(np.random.PCG64(seed))
    namespaces = (*(f"team-{i:02d}" for i in range(size.n_namespaces - 2)), "monitoring", "kube-system")
    workloads = _workloads(rng, size, namespaces)
    pairs = _pairs(rng, workloads)
    for client, server in pairs:
        workloads[client].servers.append(int(server))
        workloads[server].clients.append(int(client))
    addresses, first, count = _groups(size, workloads)
    edges = _edges(rng, workloads, pairs)
    return World(size, seed, namespaces, tuple(workloads), addresses, first, count, edges)


def _workloads(rng: np.random.Generator, size: Size, namespaces: tuple[str, ...]) -> list[Workload]:
    """The workloads, the last two of them Prometheus and the cluster's DNS; replica counts are skewed."""
    n_apps = size.n_workloads - 2
    spare = size.n_pods - n_apps - 1 - 4
    weight = 1.0 / (np.arange(n_apps) + 5.0)
    replicas = 1 + rng.multinomial(spare, rng.permutation(weight / weight.sum()))
    apps = [
        Workload(
            index=i,
            namespace=namespaces[int(rng.integers(0, len(namespaces) - 2))],
            name=f"svc-{i:04d}",
            kind="StatefulSet" if i % 10 == 7 else "Deployment",
            replicas=int(replicas[i]),
            port_name=SERVING[i % len(SERVING)][0],
            port=SERVING[i % len(SERVING)][1],
            shared=i % 33 == 11,
            public=i % 20 == 3,
            uses_partner=i % 20 == 13,
        )
        for i in range(n_apps)
    ]
    prometheus = Workload(n_apps, "monitoring", "prometheus", "StatefulSet", 1, "web", 9090)
    dns = Workload(n_apps + 1, "kube-system", "kube-dns", "Deployment", 4, "dns", 53)
    return [*apps, prometheus, dns]


def _pairs(rng: np.random.Generator, workloads: list[Workload]) -> np.ndarray:
    """Allowed (client, server) pairs, (pairs, 2) int64: 20 a workload, few servers having most clients."""
    n_apps = len(workloads) - 2
    client = rng.integers(0, n_apps, 24 * n_apps)
    server = rng.permutation(n_apps)[(n_apps * rng.random(24 * n_apps) ** 2.5).astype(np.int64)]
    pairs = np.unique(np.stack([client, server], axis=1)[client != server], axis=0)
    return rng.permutation(pairs)[: 20 * n_apps]


def _groups(size: Size, workloads: list[Workload]) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """All addresses, and where each group begins and how many it has."""
    outside = [*INTERNET, BLOCKED]
    blocks = [[f"{net}.{host}" for host in range(10, 110)] for net in outside]
    blocks += [[f"{PARTNER}.{host}" for host in hosts] for hosts in (range(10, 60), range(130, 180))]
    blocks.append([pod_cidr(node)[:-4] + str(host) for node in range(size.n_nodes) for host in (250, 251)])
    n_pods = sum(workload.replicas for workload in workloads)
    addresses = [pod_address(size, pod) for pod in range(n_pods)]
    count = [workload.replicas for workload in workloads] + [len(block) for block in blocks]
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    return tuple(addresses + [address for block in blocks for address in block]), first, np.asarray(count)


class _Builder:
    """Collects edges kind by kind; within a kind their weights follow Zipf's law."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.parts: list[tuple[np.ndarray, ...]] = []

    def add(
        self, kind: str, edges: list[tuple[int, int, int]], protocol: int = TCP, action: int = ALLOWED
    ) -> None:
        """``edges`` are (source group, destination group, port)."""
        src, dst, port = np.asarray(edges, dtype=np.int64).reshape(-1, 3).T
        weight = 1.0 / (self.rng.permutation(len(edges)) + 1.0)
        n_edges = len(edges)
        self.parts.append(
            (
                src,
                dst,
                port,
                np.full(n_edges, protocol),
                np.full(n_edges, action),
                SHARES[kind] * weight / weight.sum(),
            )
        )

    def edges(self) -> Edges:
        src, dst, port, protocol, action, weight = (
            np.concatenate(part) for part in zip(*self.parts, strict=True)
        )
        return Edges(src, dst, port, protocol, action, weight / weight.sum())


def _edges(rng: np.random.Generator, workloads: list[Workload], pairs: np.ndarray) -> Edges:
    n_apps = len(workloads) - 2
    prometheus, dns = n_apps, n_apps + 1
    internet, blocked = len(workloads), len(workloads) + len(INTERNET)
    partner, excepted, nobody = blocked + 1, blocked + 2, blocked + 3
    apps = workloads[:n_apps]

    def to(client: int, server: int) -> tuple[int, int, int]:
        offset = (client + server) % RANGE if workloads[server].ranged else 0
        return (client, server, workloads[server].port + offset)

    allowed = [to(int(client), int(server)) for client, server in pairs]
    known = {(client, server) for client, server, _ in allowed}
    strangers = [
        to(int(client), int(server))
        for client, server in rng.integers(0, n_apps, (len(pairs) // 10, 2))
        if client != server and (client, server) not in known and not workloads[server].shared
    ]
    public = [w for w in apps if w.public]
    builder = _Builder(rng)
    builder.add("allowed", allowed)
    builder.add("dns", [(w.index, dns, 53) for w in apps], UDP)
    builder.add("scrape", [(prometheus, w.index, METRICS) for w in apps])
    builder.add(
        "internet", [(internet + i, w.index, to(0, w.index)[2]) for w in public for i in range(len(INTERNET))]
    )
    builder.add("partner", [(w.index, partner, 443) for w in apps if w.uses_partner])
    builder.add(
        "unresolved",
        [(nobody, s, p) for _, s, p in allowed[::40]] + [(c, nobody, p) for c, _, p in allowed[::40]],
    )
    builder.add("denied", strangers)
    builder.add("wrong_port", [(client, server, 22) for client, server, _ in allowed[::50]])
    builder.add("blocked", [(blocked, w.index, to(0, w.index)[2]) for w in public])
    builder.add("excepted", [(w.index, excepted, 443) for w in apps if w.uses_partner])
    builder.add("dropped", allowed[::25], action=DENIED)
    builder.add("denied_as_meant", strangers[::2], action=DENIED)
    return builder.edges()
