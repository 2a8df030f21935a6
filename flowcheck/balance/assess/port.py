"""One service port assessed: measures, tests and what its clients have to do with it; no words yet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flowcheck.arrays import Float64, Int64
from flowcheck.balance.assess.chance import NOTHING, Fit, fit_shares
from flowcheck.balance.assess.clients import (
    INDEPENDENT,
    ClientCounts,
    Clustering,
    cluster,
    main_places,
    tabulate,
)
from flowcheck.balance.assess.states import CLIENTS_PER_ENDPOINT, Why
from flowcheck.balance.assess.time import OverTime, over_time
from flowcheck.balance.count.measures import Measures, measure
from flowcheck.balance.count.sums import BackendEntries, sum_rows
from flowcheck.balance.expect.comparison import UNTESTED, Comparison
from flowcheck.balance.expect.members import PortBackends
from flowcheck.kernels.chance.tails import binomial_tail, chi_square_tail
from flowcheck.model.options import Thresholds


@dataclass(frozen=True, slots=True)
class Clients:
    """``counts``: the clients' table of one service port, ``place`` being indexes of the expected endpoints.
    ``distinct`` single senders, estimated at ``level`` above 0; ``unidentified`` connections of others."""

    counts: ClientCounts
    distinct: int
    level: int
    unidentified: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """``why``: not NONE where there is nothing to test. ``p``: of the test that holds, not yet adjusted; by
    clients where connections follow them. ``judged``: the measures the decision looks at. ``draws``: how many
    independent choices the connections are worth. hot (k,) float64: p-values of each endpoint's excess."""

    backends: PortBackends
    comparison: Comparison
    clients: Clients
    why: Why
    measures: Measures | None = None
    judged: Measures | None = None
    fit: Fit = NOTHING
    p: float = 1.0
    clustering: Clustering = INDEPENDENT
    few_clients: bool = False
    draws: float = 0.0
    hot: Float64 | None = None
    time: OverTime | None = None


def assess(
    backends: PortBackends,
    comparison: Comparison,
    entries: BackendEntries,
    clients: Clients,
    instead: Why = Why.NONE,
) -> Assessment:
    """Everything that can be said of one service port by itself. ``instead``: why nothing is expected of it,
    though it has connections."""
    why = _nothing_to_test(backends, comparison, entries)
    why = instead if why is Why.NONE else why
    if why is not Why.NONE:
        return Assessment(backends, comparison, clients, why)
    counts, expected = comparison.counts, comparison.expected
    measures, fit = measure(counts, expected), fit_shares(counts, expected, comparison.part)
    sticky = backends.service.session_affinity == "ClientIP"
    if sticky:
        return _by_clients(Assessment(backends, comparison, clients, why, measures, fit=fit))
    clustering = cluster(tabulate(clients.counts, len(counts))) if comparison.n_kinds == 1 else INDEPENDENT
    draws = int(counts.sum()) / clustering.effect
    few = clustering.follows and clients.distinct < CLIENTS_PER_ENDPOINT * len(counts)
    return Assessment(
        backends,
        comparison,
        clients,
        why,
        measures,
        measures,
        fit,
        p=chi_square_tail(fit.statistic / clustering.effect, fit.freedom) if clustering.follows else fit.p,
        clustering=clustering,
        few_clients=few,
        draws=draws,
        hot=None if few else _excess(counts, expected, draws),
        time=None if clustering.follows else _time(comparison, entries),
    )


def _nothing_to_test(backends: PortBackends, comparison: Comparison, entries: BackendEntries) -> Why:
    members = [member for segment in backends.segments for member in segment]
    connections = int(entries.connections.sum())
    if backends.service.type == "ExternalName":
        return Why.EXTERNAL_NAME
    if backends.service.headless:
        return Why.HEADLESS
    if not members:
        return Why.NO_BACKENDS
    if any(member.template for member in members):
        return Why.AGGREGATED
    if connections == 0:
        return Why.NO_CONNECTIONS
    if not entries.connections[entries.backend >= 0].any():
        return Why.ENDPOINTS_NOT_RECORDED
    if len(comparison.endpoint) == 0:
        return Why.ORIGINS_NOT_KNOWN if (comparison.fate == UNTESTED).any() else Why.NO_BACKENDS
    return Why.SINGLE_ENDPOINT if len(comparison.endpoint) == 1 else Why.NONE


def _by_clients(so_far: Assessment) -> Assessment:
    """With ClientIP affinity each client is one draw: the endpoint it mostly went to."""
    comparison, clients = so_far.comparison, so_far.clients
    k = len(comparison.endpoint)
    draws = main_places(clients.counts, k)
    n = int(draws.sum())
    few = clients.unidentified > 0 or clients.distinct < CLIENTS_PER_ENDPOINT * k
    expected = n * comparison.expected / comparison.expected.sum()
    return Assessment(
        so_far.backends,
        comparison,
        clients,
        so_far.why,
        so_far.measures,
        measure(draws, expected) if n else so_far.measures,
        so_far.fit,
        p=fit_shares(draws, expected, comparison.part).p if n else 1.0,
        clustering=Clustering(True, max(1.0, int(comparison.counts.sum()) / n if n else 1.0)),
        few_clients=few,
        draws=float(n),
        hot=None if few else _excess(draws, expected, float(n)),
    )


def _excess(counts: Int64, expected: Float64, draws: float) -> Float64:
    """(k,) the probability of so many or more connections at each endpoint, each worth its part of a draw."""
    n = int(counts.sum())
    worth = draws / n
    tails = [
        binomial_tail(int(count * worth), int(draws), share)
        for count, share in zip(counts.tolist(), (expected / n).tolist(), strict=True)
    ]
    return np.array(tails)


def _time(comparison: Comparison, entries: BackendEntries) -> OverTime:
    k = len(comparison.endpoint)
    rows = np.flatnonzero(comparison.kind >= 0)
    place = np.searchsorted(comparison.endpoint, entries.backend[rows])
    sums = sum_rows(comparison.kind[rows] * k + place, comparison.n_kinds * k, entries.by_time[rows])
    return over_time(np.ascontiguousarray(sums.reshape(comparison.n_kinds, k, -1).transpose(0, 2, 1)))


def is_idle(assessment: Assessment, thresholds: Thresholds) -> list[bool]:
    """(k,) which endpoints had no connection though chance would have given them one."""
    comparison = assessment.comparison
    if assessment.why is not Why.NONE or assessment.few_clients:
        return [False] * len(comparison.endpoint)
    share = comparison.expected / comparison.expected.sum()
    nothing = (1.0 - share) ** assessment.draws < thresholds.alpha
    return [bool(idle) for idle in (comparison.counts == 0) & nothing]
