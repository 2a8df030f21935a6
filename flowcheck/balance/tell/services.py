"""Counted load -> the records of all Services: assessed one by one, then judged together.

Chance alone makes one Service in twenty look skewed at 5 %, so p-values are adjusted over all tested.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int32
from flowcheck.balance.assess.chance import adjust
from flowcheck.balance.assess.clients import ClientCounts
from flowcheck.balance.assess.port import Assessment, Clients, assess
from flowcheck.balance.assess.states import State, Why
from flowcheck.balance.count.sums import (
    BackendEntries,
    ClientEntries,
    take_apart_backends,
    take_apart_clients,
)
from flowcheck.balance.count.tally import TallyEntries
from flowcheck.balance.expect.comparison import Comparison, compare
from flowcheck.balance.expect.contested import (
    ambiguous_connections,
    contested_connections,
    divide_by_certain,
    other_port_connections,
)
from flowcheck.balance.expect.members import Catalog, PortBackends
from flowcheck.balance.split.counts import Tallied
from flowcheck.balance.split.judge import Verdict
from flowcheck.balance.split.services import divide
from flowcheck.balance.tell.building import AdjustedP, service_record
from flowcheck.balance.tell.endpoints import Context
from flowcheck.balance.tell.records import ServiceLoad
from flowcheck.balance.tell.result import LoadResult
from flowcheck.balance.tell.splits import Told, choice_record, split_records
from flowcheck.model.options import Thresholds

CLASSES = {
    a.VIP_ENDPOINT: "vip+endpoint",
    a.VIP: "vip",
    a.NODE_PORT: "nodeport",
    a.ENDPOINT: "endpoint",
    a.AMBIGUOUS: "ambiguous",
    a.OTHER_PORT: "endpoint_other_port",
    a.NO_SERVICE: "none",
    a.REFUSED: "refused",
    a.UNKNOWN_INITIATOR: "unknown_initiator",
    a.FROM_OWN_NODE: "own_node",
    a.TO_TUNNEL: "tunnel",
}


def assess_services(
    catalog: Catalog,
    entries: TallyEntries,
    thresholds: Thresholds | None = None,
    *,
    proportional: bool = False,
) -> LoadResult:
    """The load of every service port, what to look at first in front.

    ``proportional``: connections that may be several Services' are divided by those that are certain; the
    records say that they are estimated, and tests do not use them.
    """
    thresholds = thresholds or Thresholds()
    counts, clients = take_apart_backends(entries), take_apart_clients(entries)
    n_ports = len(catalog.ports)
    rows, client_rows = _by_port(counts.what, n_ports), _by_port(clients.what, n_ports)
    level = int(entries.levels[1])
    contested = contested_connections(catalog, counts)
    buckets = np.sort(entries.buckets)
    divisions = divide(Tallied(catalog, counts, clients, contested, buckets, int(entries.levels[0]), level))
    chosen: list[BackendEntries] = []
    found: list[Assessment] = []
    for number, backends in enumerate(catalog.ports):
        own = BackendEntries._make(column[rows[number]] for column in counts)
        spread = divisions.spreads.get(number)
        backends = spread.backends if spread else backends
        comparison = compare(catalog, backends, own, spread.cells if spread else None)
        them = ClientEntries._make(column[client_rows[number]] for column in clients)
        who = _clients(_lasting(backends, own), comparison, own, them, level)
        chosen.append(own)
        found.append(assess(backends, comparison, own, who, spread.why if spread else Why.NONE))
    adjusted = _adjust(found)
    splits = split_records(divisions, thresholds)
    context = Context(
        catalog=catalog,
        thresholds=thresholds,
        level=int(entries.levels[0]),
        buckets=buckets,
        ambiguous=ambiguous_connections(contested),
        estimated=divide_by_certain(contested, chosen) if proportional else {},
        other_port=other_port_connections(catalog, counts),
        proportional=proportional,
    )
    services = [
        service_record(
            context,
            number,
            assessment,
            chosen[number],
            adjusted[number],
            Told(choice_record(divisions, number), splits.get(number, ())),
        )
        for number, assessment in enumerate(found)
        if catalog.counts_as(number) == number
    ]
    return LoadResult(
        services=tuple(sorted(services, key=urgency)),
        classes={name: int(entries.totals[code]) for code, name in CLASSES.items()},
        thresholds=thresholds,
        warnings=tuple(_warnings(entries)),
    )


def _by_port(what: Int32, n_ports: int) -> list[slice]:
    """The entries of each service port, which stand together."""
    bounds = np.searchsorted(what, np.arange(n_ports + 1)).tolist()
    return [slice(first, last) for first, last in pairwise(bounds)]


def _lasting(backends: PortBackends, entries: BackendEntries) -> set[int]:
    """The endpoints that were usable in every segment with connections."""
    used = {segment - backends.first_segment for segment in entries.segment[entries.connections > 0].tolist()}
    ready = [{member.endpoint for member in backends.segments[n] if member.ready} for n in used]
    return set.intersection(*ready) if ready else set()


_NOWHERE = np.empty(0, dtype=np.int64)


def _clients(
    lasting: set[int], comparison: Comparison, entries: BackendEntries, clients: ClientEntries, level: int
) -> Clients:
    """The clients of one service port. Endpoints that were not ``lasting`` are nobody's place: a client may
    have had to leave them."""
    if not len(entries.place) and not len(clients.client):
        return Clients(ClientCounts(clients.client, _NOWHERE, *clients[3:]), 0, level, 0)
    places = {e: place for place, e in enumerate(comparison.endpoint.tolist()) if e in lasting}
    place = np.array([places.get(e, -1) for e in clients.backend.tolist()], dtype=np.int64)
    return Clients(
        ClientCounts(clients.client, place, clients.connections, clients.first_seen, clients.last_seen),
        distinct=len(np.unique(clients.client)) << level,
        level=level,
        unidentified=int(entries.connections[entries.place == a.NO_SINGLE_SENDER].sum()),
    )


def _adjust(found: list[Assessment]) -> list[AdjustedP]:
    """The p-values of each service port among those of all; three families, as they ask three questions."""
    tested = [n for n, one in enumerate(found) if one.why is Why.NONE and not one.few_clients]
    timed = [n for n in tested if (time := found[n].time) is not None and time.fit.freedom > 0]
    hot = [(n, p) for n in tested if (p := found[n].hot) is not None]
    by_fit = adjust(np.array([found[n].p for n in tested])).tolist()
    by_time = adjust(np.array([time.fit.p for n in timed if (time := found[n].time)])).tolist()
    by_hot = adjust(np.concatenate([p for _, p in hot])) if hot else np.zeros(0)
    ends = np.cumsum([len(p) for _, p in hot])[:-1]
    shares = dict(zip(tested, by_fit, strict=True))
    time_ = dict(zip(timed, by_time, strict=True))
    excess = {n: part for (n, _), part in zip(hot, np.split(by_hot, ends), strict=True)} if hot else {}
    return [AdjustedP(shares.get(n), time_.get(n), excess.get(n)) for n in range(len(found))]


ORDER: Mapping[str, int] = defaultdict(
    lambda: 9, {State.SKEWED: 0, State.INSUFFICIENT: 3, State.BALANCED: 4, State.NOT_APPLICABLE: 5}
)


def urgency(service: ServiceLoad) -> tuple[float, float, str, str, int, str]:
    """Skewed Services first, the most misplaced connections in front; then those that a route divides off its
    weights; those that are one-sided in time, or have idle, hot or unexpected endpoints; then the rest, the
    busiest first."""
    rank = ORDER[service.state]
    if rank and any(split.verdict == Verdict.OFF_TARGET for split in service.splits):
        return 0.5, -service.connections, service.namespace, service.service, service.port, service.protocol
    if rank and service.time is not None and service.time.one_sided:
        rank = 1
    elif rank and any(endpoint.state for endpoint in service.endpoints):
        rank = 2
    weight = (service.misplaced or 0.0) * service.tested if rank == 0 else service.connections
    return rank, -weight, service.namespace, service.service, service.port, service.protocol


def _warnings(entries: TallyEntries) -> list[str]:
    buckets, sample = (int(level) for level in entries.levels)
    warnings = []
    if buckets:
        warnings.append(
            f"time buckets are {1 << buckets} minutes wide: there is too much to keep every minute"
        )
    if sample:
        warnings.append(f"clients are a sample, one in {1 << sample}: there are too many to keep")
    return warnings
