"""An assessed service port -> its record: numbers put beside names, endpoints and groups in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Float64
from flowcheck.balance.assess.clients import count_against_affinity, heavy_clients
from flowcheck.balance.assess.port import Assessment
from flowcheck.balance.assess.states import Evidence, State, Why, decide, is_over_even
from flowcheck.balance.count.sums import BackendEntries, sum_rows
from flowcheck.balance.expect.comparison import TESTED, UNEXPECTED, UNLOCATED, UNTESTED
from flowcheck.balance.tell.endpoints import Context, endpoint_records
from flowcheck.balance.tell.records import (
    ClientLoad,
    ClientsLoad,
    EndpointLoad,
    GroupLoad,
    PlaceLoad,
    ServiceLoad,
)
from flowcheck.balance.tell.series import time_record
from flowcheck.balance.tell.splits import Told
from flowcheck.model.options import Thresholds
from flowcheck.model.protocols import protocol_word

NOT_APPLICABLE = {
    Why.EXTERNAL_NAME,
    Why.HEADLESS,
    Why.NO_BACKENDS,
    Why.SINGLE_ENDPOINT,
    Why.ENDPOINTS_NOT_RECORDED,
    Why.ORIGINS_NOT_KNOWN,
    Why.AGGREGATED,
    Why.ROUTED,
    Why.HASHED,
    Why.OWN_ZONES,
    Why.BALANCER,
    Why.CLIENTS_DIFFER,
}
TOLERANCE = 0.05
MOST_CLIENTS = 5


class AdjustedP(NamedTuple):
    """p-values among all Services: of the shares, the time, each endpoint's excess; None: not tested."""

    shares: float | None
    time: float | None
    excess: Float64 | None


def service_record(
    context: Context, number: int, one: Assessment, entries: BackendEntries, p: AdjustedP, told: Told
) -> ServiceLoad:
    """The record of service port ``number``."""
    backends, measures, fit = one.backends, one.measures, one.fit
    state, why = state_of(one, p.shares, context.thresholds)
    endpoints = endpoint_records(context, number, one, entries, p.excess)
    fates = sum_rows(one.comparison.fate, 4, entries.connections[:, np.newaxis])[:, 0].tolist()
    tested = one.why is Why.NONE
    order = [endpoint for endpoint, _ in endpoints]
    return ServiceLoad(
        namespace=backends.service.namespace,
        service=backends.service.name,
        port_name=backends.port.name,
        port=backends.port.port,
        protocol=protocol_word(backends.port.protocol),
        type="Headless" if why is Why.HEADLESS else backends.service.type,
        state=state,
        why=why,
        significant=p.shares is not None and p.shares < context.thresholds.alpha,
        over_even=tested and is_over_even(fit),
        tolerated=_tolerated(one) if tested else None,
        estimated=context.proportional and any(context.estimated.get(number, {}).values()),
        connections=sum(fates),
        tested=fates[TESTED],
        untested=fates[UNTESTED],
        unexpected=fates[UNEXPECTED],
        unlocated=fates[UNLOCATED],
        ambiguous=sum(context.ambiguous.get(number, {}).values()),
        other_port=context.other_port.get(number, 0),
        bytes=int(entries.bytes_.sum()),
        packets=int(entries.packets.sum()),
        expected_endpoints=len(one.comparison.endpoint),
        snapshots=len(backends.segments),
        peak_to_average=measures.peak_to_average if measures else None,
        cv=measures.cv if measures else None,
        jain=measures.jain if measures else None,
        effective_endpoints=measures.effective if measures else None,
        gini=measures.gini if measures else None,
        entropy=measures.entropy if measures else None,
        misplaced=measures.misplaced if measures else None,
        method=fit.method,
        statistic=fit.statistic if tested else None,
        freedom=fit.freedom,
        p=one.p if tested else None,
        p_adjusted=p.shares,
        dispersion=fit.statistic / fit.freedom if tested and fit.freedom else None,
        endpoints=tuple(endpoint for _, endpoint in endpoints),
        groups=_groups(tuple(endpoint for _, endpoint in endpoints), divided=told.divided),
        time=time_record(context, one, entries, order, p.time),
        places=_places(entries, one.comparison.same_zone),
        clients=_clients(context, one, int(entries.connections.sum())),
        choice=told.choice,
        splits=told.splits,
    )


def state_of(one: Assessment, p: float | None, thresholds: Thresholds) -> tuple[State, Why]:
    """``p``: adjusted, None where not tested."""
    if one.why is not Why.NONE or one.judged is None:
        return (State.NOT_APPLICABLE if one.why in NOT_APPLICABLE else State.INSUFFICIENT), one.why
    tested = int(one.comparison.counts.sum())
    return decide(
        Evidence(tested, len(one.comparison.endpoint), one.judged, 1.0 if p is None else p, one.few_clients),
        thresholds,
    )


def _tolerated(one: Assessment) -> bool:
    """Source: Gateway API, conformance/utils/weight: every share within 0.05 of its weight."""
    n = one.comparison.counts.sum()
    return bool((np.abs(one.comparison.counts - one.comparison.expected) <= TOLERANCE * n + 1e-9).all())


def _groups(endpoints: Sequence[EndpointLoad], *, divided: bool) -> tuple[GroupLoad, ...]:
    """Endpoints by workload and generation; those of no workload are in no group. ``divided``: what a whole
    group should have had, a route says."""
    members: dict[tuple[str, str], list[EndpointLoad]] = defaultdict(list)
    for endpoint in endpoints:
        if endpoint.workload:
            members[endpoint.workload, endpoint.generation].append(endpoint)
    groups = [
        GroupLoad(
            workload=workload,
            generation=generation,
            endpoints=len(group),
            connections=sum(endpoint.connections for endpoint in group),
            share=sum(endpoint.share for endpoint in group),
            expected=None if divided else _sum([e.expected for e in group if e.expected is not None]),
        )
        for (workload, generation), group in members.items()
    ]
    return tuple(sorted(groups, key=lambda group: (group.workload, -group.connections, group.generation)))


def _sum(values: list[float]) -> float | None:
    return sum(values) if values else None


_PLACES = [a.SAME_NODE, a.SAME_ZONE, a.OTHER_ZONE, a.OTHER_NODE, a.PLACE_UNKNOWN]


def _places(entries: BackendEntries, same_zone: float | None) -> PlaceLoad:
    connections = bytes_ = [0] * len(_PLACES)
    if len(entries.place):
        sums = sum_rows(entries.place, a.N_PLACES, np.column_stack([entries.connections, entries.bytes_]))
        sums[a.PLACE_UNKNOWN] += sums[a.NO_SINGLE_SENDER]
        connections, bytes_ = sums[_PLACES].T.tolist()
    names = ("same_node", "same_zone", "other_zone", "other_node", "unknown")
    return PlaceLoad(
        **dict(zip(names, connections, strict=True)),
        **{f"bytes_{name}": amount for name, amount in zip(names, bytes_, strict=True)},
        expected_same_zone=same_zone,
    )


def _clients(context: Context, one: Assessment, connections: int) -> ClientsLoad:
    counts, service = one.clients.counts, one.backends.service
    who, amounts = heavy_clients(counts, MOST_CLIENTS)
    sticky = service.session_affinity == "ClientIP"
    return ClientsLoad(
        distinct=one.clients.distinct,
        exact=one.clients.level == 0,
        unidentified=one.clients.unidentified,
        follow=one.clustering.follows,
        design_effect=one.clustering.effect,
        stray=count_against_affinity(counts, service.affinity_seconds) if sticky else None,
        heaviest=tuple(
            ClientLoad(
                client=context.catalog.identity_of(client).name,
                connections=amount,
                share=amount / connections if connections else 0.0,
            )
            for client, amount in zip(who.tolist(), amounts.tolist(), strict=True)
        ),
    )
