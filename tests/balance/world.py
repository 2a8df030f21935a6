"""A small world of Services as arrays, and flows into it, for tests of the load; no compiler takes part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeVar, get_args, get_type_hints

import numpy as np

from flowcheck import arrays as a
from flowcheck.balance.count.tally import Tally, TallyEntries
from flowcheck.balance.expect.kernel_tables import make_counting_tables as counting_from
from flowcheck.balance.expect.members import Catalog, EndpointIdentity, PortBackends
from flowcheck.balance.expect.shares import Member
from flowcheck.judging.batch import take_rows
from flowcheck.judging.keyed import add_flows, make_book
from flowcheck.judging.moments import find_moments
from flowcheck.kernels import flow_keys
from flowcheck.model.service import Service, ServicePort
from flowcheck.model.timeline import BEGINNING, END

MINUTE = 60_000_000
TCP, UDP, ICMP = 6, 17, 1
SLOTS = {TCP: 0, UDP: 1}

Part = TypeVar("Part", a.ServicePorts, a.Doors, a.BackendTable, a.Listeners)


class PortSpec(NamedTuple):
    """A service port: its Service, port, protocol slot, node port, and by start of segment the backends, each
    an endpoint with the port after translation."""

    service: int
    port: int
    segments: Mapping[int, Iterable[tuple[int, int]]]
    slot: int = 0
    node_port: int = 0


def make_endpoints(kinds: Iterable[int], nodes: Mapping[int, int] | None = None) -> a.Int32:
    """(endpoints, 8): of these kinds; ``nodes`` says on which node an endpoint is."""
    kinds = list(kinds)
    endpoints = np.zeros((len(kinds), 8), dtype=np.int32)
    endpoints[:, a.KIND] = kinds
    endpoints[:, a.NODE] = [(nodes or {}).get(e, -1) for e in range(len(kinds))]
    return endpoints


def make_services(ports: list[PortSpec], n_endpoints: int) -> a.ServiceTable:
    """The table of service ports, which stand in the order of their Services; policies take no part, so of
    what only judging looks at there is none."""
    first = [0]
    starts: list[int] = []
    segment_first = [0]
    node_ports: dict[int, int] = {}
    servings: dict[int, dict[tuple[int, int, int], None]] = {e: {} for e in range(n_endpoints)}
    for number, spec in enumerate(ports):
        while len(first) <= spec.service:
            first.append(number)
        if spec.node_port:
            node_ports[spec.slot << 16 | spec.node_port] = number
        for start, members in sorted(spec.segments.items()):
            starts.append(start)
            for endpoint, port in members:
                servings[endpoint][spec.slot, port, number] = None
        segment_first.append(len(starts))
    first.append(len(ports))
    listed = [serving for e in range(n_endpoints) for serving in servings[e]]
    counts = [0, *(len(servings[e]) for e in range(n_endpoints))]
    small = np.zeros(n_endpoints, np.uint8)
    return a.ServiceTable(
        filled(
            a.ServicePorts,
            first=first,
            slot=[spec.slot for spec in ports],
            port=[spec.port for spec in ports],
            inner_local=small,
            outer_local=small,
            segment_first=segment_first,
            segment_start=starts,
        ),
        filled(
            a.Doors,
            family=small,
            node_port=sorted(node_ports),
            node_port_first=range(len(node_ports) + 1),
            node_port_start=[BEGINNING] * len(node_ports),
            node_port_leads=[node_ports[word] for word in sorted(node_ports)],
            host_first=[0] * (n_endpoints + 1),
        ),
        filled(a.BackendTable),
        filled(
            a.Listeners,
            serving_first=np.cumsum(counts),
            serving_slot=[s for s, _, _ in listed],
            serving_port=[p for _, p, _ in listed],
            serving=[number for _, _, number in listed],
        ),
    )


def filled(part: type[Part], **columns: Iterable[int]) -> Part:
    """A part of the table, with columns of the types it names; those that are not given are empty."""
    types = {name: get_args(get_args(hint)[1])[0] for name, hint in get_type_hints(part).items()}
    return part(**{name: np.array(list(columns.get(name, ())), type_) for name, type_ in types.items()})


def make_counting_tables(
    ports: list[PortSpec],
    endpoints: a.Int32,
    virtual: Mapping[int, int],
    *,
    by_origin: Iterable[int] = (),
    zones: Iterable[int] = (),
    same: Mapping[int, int] | None = None,
    lives: Mapping[int, tuple[int, int]] | None = None,
) -> a.CountingTables:
    """``virtual`` maps endpoints to the Services whose addresses they are; ``same`` and ``lives`` tell what
    is not so of every service port: it counts as itself, and always was."""
    endpoints = endpoints.copy()
    for endpoint, service in virtual.items():
        endpoints[endpoint, [a.KIND, a.NODE]] = a.KIND_SERVICE, service
    origins = set(by_origin)
    return counting_from(
        make_services(ports, len(endpoints)),
        endpoints,
        same=[(same or {}).get(number, number) for number in range(len(ports))],
        spans=[(lives or {}).get(number, (BEGINNING, END)) for number in range(len(ports))],
        by_origin=[number in origins for number in range(len(ports))],
        zones=[*zones] or [-1] * 8,
    )


class Row(NamedTuple):
    """A flow record with all that the load looks at."""

    src: int
    dst: int
    port: int = 80
    protocol: int = TCP
    judge: int = 1
    observed: int = 1
    verdict: int = a.ALLOW
    flow_count: int = 1
    bytes_: int = 10
    seen_at: int = 0
    named: int = -1
    counted: int = 1
    point: int = 1
    packets: int = 2


LEFT_OUT = (a.LEFT_OUT, -1, 0, -1)
"""Class, what, where and backend of a row that is not judged."""

Batch = tuple[a.FlowArrays, a.UInt8, a.Int32]


def make_batch(rows: list[Row]) -> Batch:
    """The flows, the verdicts, and the service ports that records name."""
    columns: dict[str, Any] = {
        name: np.array([getattr(row, name) for row in rows], dtype=np.int64) for name in Row._fields
    }
    unused = np.zeros(len(rows), dtype=np.int64)
    columns |= dict.fromkeys(("src_key", "dst_key", "src_port", "inferred"), unused)
    narrow = {
        **dict.fromkeys(("src", "dst", "src_port", "port", "named"), np.int32),
        **dict.fromkeys(("protocol", "judge", "observed", "verdict", "counted", "point"), np.uint8),
        **{"inferred": np.uint8, "src_key": np.uint64, "dst_key": np.uint64},
    }
    columns |= {name: columns[name].astype(type_) for name, type_ in narrow.items()}
    flows = a.FlowArrays(**{name: columns[name] for name in a.FlowArrays._fields})
    return flows, columns["verdict"], columns["named"]


def count(
    tally: Tally, counting: a.CountingTables, flows: a.FlowArrays, verdict: a.UInt8, named: a.Int32
) -> a.Attributed:
    """Count flows as a task does, of which the verdicts are given; returns to what each row was
    attributed."""
    services, n = counting.services.ports, len(flows.src)
    moments = find_moments(counting.services, counting.endpoints, counting)
    ones, twos = np.empty(n, np.int64), np.empty(n, np.int64)
    segments = services.segment_first, services.segment_start
    no_source = np.empty(0, np.uint16), 1
    flow_keys.find_moments(moments, np.array([BEGINNING]), *no_source, flows, *segments, named, ones, twos)
    words = np.stack([ones, twos, verdict], axis=1)
    circumstances = np.unique(words, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
    book = make_book(2)
    numbers, first = add_flows(book, flows, circumstances)
    attributed = tally.attribute(counting, take_rows(flows, first), verdict[first], named[first])
    tally.count(flows, numbers)
    tally.settle(counting, book.content())
    left_out = a.Attributed(*(np.array([one], c.dtype) for one, c in zip(LEFT_OUT, attributed, strict=True)))
    return a.Attributed(*(np.concatenate(parts)[numbers] for parts in zip(attributed, left_out, strict=True)))


def ordered(table: Tally) -> TallyEntries:
    """What a table holds in the order of its keys, whatever was counted first, and only columns in use."""
    found = table.entries()
    by_key, by_client = (
        np.lexsort((rows[:, a.TWO], rows[:, a.ONE])) for rows in (found.backends, found.clients)
    )
    by_bucket = np.argsort(found.buckets)
    return found._replace(
        backends=found.backends[by_key],
        buckets=found.buckets[by_bucket],
        by_time=found.by_time[by_bucket][:, by_key],
        clients=found.clients[by_client],
    )


WEB = Service("x", "web", cluster_ips=("10.96.0.10",), ports=(ServicePort("http", TCP, 80, 8080),))


def make_member(endpoint: int, **tweaks: Any) -> Member:
    return Member(endpoint, **tweaks)


def make_catalog(
    services: a.ServiceTable,
    ports: list[tuple[Service, list[list[Member]]]],
    *,
    nodes: Iterable[str] = (),
    zones: Mapping[str, str] | None = None,
    generations: Mapping[int, str] | None = None,
) -> Catalog:
    """Service ports, each by its Service (its first port) and the members of each of its segments. Members
    are called ``x/Pod/pod-N`` and belong to ``x/Deployment/web``, of the ``generations``."""
    members = {m.endpoint: m for _, segments in ports for segment in segments for m in segment}
    found = []
    for number, (service, segments) in enumerate(ports):
        port = service.ports[0] if service.ports else ServicePort("", TCP, 80, 80)
        first = int(services.ports.segment_first[number])
        found.append(PortBackends(service, port, first, tuple(map(tuple, segments))))
    endpoints = {
        e: EndpointIdentity(
            f"x/Pod/pod-{e}",
            f"10.1.0.{e}" if m.family != 6 else f"fd00::{e}",
            "x/Deployment/web",
            (generations or {}).get(e, ""),
            m.node,
            m.zone,
        )
        for e, m in members.items()
    }
    return Catalog(
        services, tuple(found), endpoints, [f"x/Pod/client-{e}" for e in range(99)], [*nodes], zones or {}
    )
