"""The endpoints of one service port as records: what each had, what it should have had, what is odd."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from flowcheck.arrays import Float64, Int64
from flowcheck.balance.assess.port import Assessment, is_idle
from flowcheck.balance.count.measures import wilson_interval
from flowcheck.balance.count.sums import BackendEntries, sum_rows
from flowcheck.balance.expect.comparison import UNEXPECTED
from flowcheck.balance.expect.contested import ByEndpoint
from flowcheck.balance.expect.members import Catalog
from flowcheck.balance.tell.records import EndpointLoad
from flowcheck.model.options import Thresholds


class Context(NamedTuple):
    """What the records of all Services share. ``level`` is that of the time ``buckets`` (b,)."""

    catalog: Catalog
    thresholds: Thresholds
    level: int
    buckets: Int64
    ambiguous: ByEndpoint
    estimated: ByEndpoint
    other_port: dict[int, int]
    proportional: bool


class _Amounts(NamedTuple):
    connections: int = 0
    bytes_: int = 0
    packets: int = 0


_NOTHING = _Amounts()


class _Expected(NamedTuple):
    """What was expected of one endpoint, as a share, and the interval of what it had."""

    share: float
    ratio: float
    low: float
    high: float


def endpoint_records(
    context: Context, number: int, one: Assessment, entries: BackendEntries, excess: Float64 | None
) -> list[tuple[int, EndpointLoad]]:
    """Every endpoint that is expected, was reached or may have been, the busiest first, with its index.

    excess (k,): adjusted p-values of the connections of each expected endpoint; None where not tested.
    """
    amounts = _amounts(entries)
    expected = _expected(one)
    states = _states(one, entries, excess, context.thresholds)
    maybe, estimated = context.ambiguous.get(number, {}), context.estimated.get(number, {})
    now = {member.endpoint for member in one.backends.segments[-1]} if one.backends.segments else set()
    total = sum(each.connections for each in amounts.values()) + sum(estimated.values())
    found = []
    for endpoint in {*expected, *amounts, *maybe, *now}:
        who, had = context.catalog.identity_of(endpoint), amounts.get(endpoint, _NOTHING)
        should = expected.get(endpoint)
        record = EndpointLoad(
            endpoint=who.name,
            address=who.address,
            workload=who.workload,
            generation=who.generation,
            node=who.node,
            zone=who.zone,
            state=states.get(endpoint, ""),
            connections=had.connections,
            bytes=had.bytes_,
            packets=had.packets,
            share=(had.connections + estimated.get(endpoint, 0)) / total if total else 0.0,
            expected=should.share if should else None,
            ratio=should.ratio if should else None,
            low=should.low if should else None,
            high=should.high if should else None,
            ambiguous=maybe.get(endpoint, 0),
            estimated=estimated.get(endpoint, 0),
        )
        found.append((endpoint, record))
    return sorted(found, key=lambda pair: (-pair[1].connections, pair[1].endpoint, pair[1].address, pair[0]))


def _amounts(entries: BackendEntries) -> dict[int, _Amounts]:
    """Of each endpoint, whose entries stand together."""
    if not len(entries.backend):
        return {}
    endpoints, place = np.unique(entries.backend, return_inverse=True)
    columns = np.column_stack([entries.connections, entries.bytes_, entries.packets])
    sums = sum_rows(place, len(endpoints), columns).tolist()
    rows = zip(endpoints.tolist(), sums, strict=True)
    return {endpoint: _Amounts._make(row) for endpoint, row in rows if endpoint >= 0}


def _expected(one: Assessment) -> dict[int, _Expected]:
    counts, expected = one.comparison.counts, one.comparison.expected
    n = int(counts.sum())
    if n == 0:
        return {}
    columns = (expected / n, counts / expected, *wilson_interval(counts, n))
    rows = zip(*(column.tolist() for column in columns), strict=True)
    endpoints = one.comparison.endpoint.tolist()
    return {endpoint: _Expected._make(row) for endpoint, row in zip(endpoints, rows, strict=True)}


def _states(
    one: Assessment, entries: BackendEntries, excess: Float64 | None, thresholds: Thresholds
) -> dict[int, str]:
    """Hot, idle or unexpected endpoints; the last where it was reached by someone who should not have."""
    states: defaultdict[int, str] = defaultdict(str)
    if not len(entries.backend):
        return states
    ratio = one.comparison.counts / one.comparison.expected
    for place, endpoint in enumerate(one.comparison.endpoint.tolist()):
        if excess is not None and excess[place] < thresholds.alpha and ratio[place] >= thresholds.min_hot:
            states[endpoint] = "hot"
    for endpoint, idle in zip(one.comparison.endpoint.tolist(), is_idle(one, thresholds), strict=True):
        if idle:
            states[endpoint] = "idle"
    strange = (one.comparison.fate == UNEXPECTED) & (entries.connections > 0)
    return states | dict.fromkeys(entries.backend[strange].tolist(), "unexpected")
