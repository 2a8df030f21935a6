"""Questions to the compiled program about endpoints that have been found: every verdict comes from here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from flowcheck import arrays as a
from flowcheck.compile import Program
from flowcheck.flows.canonical.schema import END_NAMES
from flowcheck.judging.asked import bare_flows
from flowcheck.judging.batch import make_resolver
from flowcheck.kernels import decide, lookup, translate
from flowcheck.model.mesh.requests import Carried
from flowcheck.model.verdict import Reason, Verdict

VERDICTS, REASONS = tuple(Verdict), tuple(Reason)


class Leads(NamedTuple):
    """Where a destination leads: the endpoint that was dialled (NOT_ONE: a Service by its name), the service
    port behind it (NOT_ONE, SEVERAL), or the endpoint and port that a host port leads to."""

    endpoint: int
    service_port: int
    behind: tuple[int, int] | None = None


class Outcome(NamedTuple):
    """What came out for one pair of endpoints: decision numbers of both sides and of the mesh, the verdicts
    of network policies and of the mesh, for what the mesh may take the connection, and whether clients may
    open it otherwise than by mutual TLS."""

    egress: int
    ingress: int
    by_network: Verdict
    mesh: int = a.NO_SUBJECT
    by_mesh: Verdict = Verdict.NOT_APPLICABLE
    carried: tuple[Carried, ...] = ()
    clients_differ: bool = False

    @property
    def verdict(self) -> Verdict:
        both = VERDICTS.index(self.by_network), VERDICTS.index(self.by_mesh)
        return VERDICTS[int(a.VERDICT[both])]


NOT_ASKED = Outcome(a.NO_SUBJECT, a.NO_SUBJECT, Verdict.NOT_APPLICABLE)
"""Of network policies."""


def endpoint_at(program: Program, address: str) -> int:
    """The endpoint an address belongs to, looked up as a recorded flow's address is."""
    batch = pa.record_batch({"src_ip": pa.array([address], pa.string())})
    times = np.zeros(1, dtype=np.int64)
    return int(make_resolver(program).resolve(batch, "src_ip", END_NAMES["src_ip"], times).endpoints[0])


def leads_to(program: Program, address: str, protocol: int, port: int | None) -> Leads:
    """Where a port of an address leads, by the kernels of all flows."""
    tables = program.tables
    ends, inferred = np.array([endpoint_at(program, address)], dtype=np.int32), np.zeros(1, dtype=np.uint8)
    protocols = np.array([protocol], dtype=np.uint8)
    ports = np.array([-1 if port is None else port], dtype=np.int32)
    long = np.zeros(1, dtype=np.int64)
    lookup.ask_ports(tables.shared, protocols, ports, long, ends, inferred)
    if tables.endpoints[ends[0], a.KIND] not in (a.KIND_SERVICE, a.KIND_NODE):
        return Leads(int(ends[0]), a.NOT_ONE)
    flows = bare_flows(ends, ends, protocols, ports)
    found, host_ports = np.zeros((2, 1), dtype=np.int32)
    verdict = np.array([decide.TRANSLATED], dtype=np.uint8)
    translate.find_service_ports(tables, flows, verdict, found, host_ports)
    segment = int(host_ports[0])
    doors = tables.services.doors
    behind = (int(doors.host_leads[segment]), int(doors.host_port[segment])) if segment >= 0 else None
    return Leads(int(ends[0]), int(found[0]), behind)


def place_of(program: Program, leads: Leads, src: int) -> int:
    """On which node the backends are asked for a source, as :func:`translate.place_asked` says; everywhere,
    where nobody knows who the source is."""
    services, client = program.tables.services, program.tables.endpoints[src]
    if client[a.KIND] >= a.KIND_UNRESOLVED:
        return translate.EVERYWHERE
    reached = a.INNER if leads.endpoint == a.NOT_ONE else services.doors.reached[leads.endpoint]
    local = services.ports.inner_local[leads.service_port], services.ports.outer_local[leads.service_port]
    return int(translate.place_asked(*local, reached, client[a.KIND], client[a.NODE]))


def backends_of(program: Program, leads: Leads, place: int) -> list[tuple[int, int]]:
    """The endpoints and ports that a connection to a service port may end at, asked at this place."""
    services = program.tables.services
    backends = services.backends
    first, last = (int(backends.first[leads.service_port + i]) for i in (0, 1))
    family = 0 if leads.endpoint == a.NOT_ONE else int(services.doors.family[leads.endpoint])
    asked = (
        *(backends.start, backends.end, backends.family, backends.rank, backends.on_node),
        *(first, last, 0, family),
    )
    best = translate.best_rank(*asked, place)
    return [
        (int(backends.endpoint[b]), int(backends.port[b]))
        for b in range(first, last)
        if translate.is_usable(*asked, place, best, b)
    ]


def judge_pairs(
    program: Program,
    pairs: Sequence[tuple[int, int]],
    protocol: int,
    ports: Sequence[int | None],
    source_port: int | None,
) -> list[Outcome]:
    """Judge pairs of (source, destination) endpoints, each with a port (None: it has none), all from one
    (None: it is not told).

    Not: a Service's address or a node's port is not translated here, as ``services`` did that already.
    """
    outcomes, source = [], -1 if source_port is None else source_port
    for (src, dst), port in zip(pairs, ports, strict=True):
        wanted = -1 if port is None else port
        egress, ingress, verdict = decide.judge_pair(program.tables, src, dst, protocol, wanted, source)
        outcomes.append(Outcome(int(egress), int(ingress), VERDICTS[verdict]))
    return outcomes


def side_of(program: Program, decision: int) -> tuple[Verdict, Reason, str]:
    """A side's decision in words: verdict, reason, and what decided."""
    tables = program.tables
    text = program.decisions[decision].text
    return VERDICTS[tables.verdict[decision]], REASONS[tables.reason[decision]], text


def exemption(program: Program, src: int, dst: int) -> str:
    """``self`` for one pod's traffic to itself, ``own node`` for a node's to a pod on it, or empty."""
    endpoints = program.tables.endpoints
    if decide.is_same_pod(endpoints, src, dst):
        return "self"
    return "own node" if decide.is_own_node(endpoints, src, dst) else ""
