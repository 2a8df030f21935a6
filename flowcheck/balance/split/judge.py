"""A split held against its weights: on target, off target, or not tested and why. No words yet.

Weights are of connections where a proxy takes them for bytes; of requests where it takes them for HTTP, and
proxies keep connections open. What is counted are connections, so the latter are tested only where there
are many by each client and endpoint, as where each request had its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import comb

import numpy as np

from flowcheck.arrays import Float64, Int64
from flowcheck.balance.assess.chance import (
    LEAST_EXPECTED,
    MOST_OUTCOMES,
    NOTHING,
    Fit,
    exact_p,
    fit_shares,
    pearson,
)
from flowcheck.balance.assess.clients import INDEPENDENT, Clustering, cluster
from flowcheck.balance.assess.states import CLIENTS_PER_ENDPOINT
from flowcheck.balance.split.counts import Seen, in_groups
from flowcheck.balance.split.groups import Group
from flowcheck.balance.split.phases import Phase
from flowcheck.kernels.chance.tails import chi_square_tail
from flowcheck.model.mesh.requests import Carried
from flowcheck.model.options import Thresholds

CONNECTIONS_PER_PAIR = 10
"""Of a client and an endpoint; with fewer, connections that are kept open hide the requests."""
TOLERANCE = 0.05
"""Source: Gateway API, conformance/utils/weight."""


class Verdict(StrEnum):
    ON_TARGET = "on_target"
    OFF_TARGET = "off_target"
    NOT_TESTED = "not_tested"


@dataclass(frozen=True, slots=True)
class Split:
    """``groups`` with ``counts`` (k,) and ``expected`` (k,), those that should have had nothing last;
    ``none``: connections at endpoints that no rule sends to. ``p``: not yet adjusted; None: not tested."""

    phase: Phase
    groups: tuple[Group, ...]
    counts: Int64
    expected: Float64
    none: int
    why: str
    fit: Fit = NOTHING
    p: float | None = None
    clustering: Clustering = INDEPENDENT

    @property
    def n(self) -> int:
        """Connections that are held against the weights."""
        return int(self.counts[self.expected > 0].sum())

    @property
    def zero_weight(self) -> int:
        return int(self.counts[self.expected == 0].sum()) + self.none

    @property
    def misplaced(self) -> float:
        """Half the sum of the differences: what would have to move."""
        live = self.expected > 0
        return float(np.abs(self.counts[live] / self.n - self.expected[live]).sum() / 2) if self.n else 0.0

    @property
    def tolerated(self) -> bool | None:
        live = self.expected > 0
        if not self.n:
            return None
        return bool((np.abs(self.counts[live] / self.n - self.expected[live]) <= TOLERANCE + 1e-9).all())


def hold(phase: Phase, seen: Seen) -> Split:
    """What a phase's groups had beside what they should have had."""
    found, none = in_groups(phase, seen.by_endpoint)
    groups = (*phase.expected, *sorted({*phase.group_of.values()} - phase.expected.keys()))
    counts = np.array([found.get(group, 0) for group in groups], dtype=np.int64)
    expected = np.array([phase.expected.get(group, 0.0) for group in groups])
    split = Split(phase, groups, counts, expected, none, phase.why or seen.why)
    why = split.why or ("no_connections" if split.n + split.zero_weight == 0 else "")
    if not why and phase.candidate.rule.carried is Carried.HTTP:
        why = "requests" if split.n < CONNECTIONS_PER_PAIR * seen.pairs else ""
    live = expected > 0
    if why or live.sum() < 2 or not split.n:
        return Split(phase, groups, counts, expected, none, why)
    clustering = cluster(_table(phase, seen))
    fit = _fit(counts[live], split.n * expected[live])
    p = chi_square_tail(fit.statistic / clustering.effect, fit.freedom) if clustering.follows else fit.p
    few = clustering.follows and seen.clients < CLIENTS_PER_ENDPOINT * int(live.sum())
    why = "few_clients" if few else ""
    return Split(phase, groups, counts, expected, none, why, fit, None if few else p, clustering)


def _fit(counts: Int64, expected: Float64) -> Fit:
    """The exact test where its outcomes can be listed, whatever is expected."""
    freedom = len(counts) - 1
    if comb(int(counts.sum()) + freedom, freedom) > MOST_OUTCOMES:
        return fit_shares(counts, expected)
    return Fit("exact", pearson(counts, expected), freedom, exact_p(counts, expected))


def _table(phase: Phase, seen: Seen) -> Int64:
    """(clients, groups that should have had something): connections."""
    place = {group: number for number, group in enumerate(phase.expected)}
    rows = {client: number for number, client in enumerate(dict.fromkeys(c for c, _ in seen.by_client))}
    table = np.zeros((len(rows), len(place)), dtype=np.int64)
    for (client, endpoint), connections in seen.by_client.items():
        group = phase.group_of.get(endpoint)
        if group in place:
            table[rows[client], place[group]] += connections
    used: Int64 = table[table.sum(axis=1) > 0]
    return used


def decide(split: Split, p: float | None, thresholds: Thresholds) -> tuple[Verdict, str]:
    """``p``: adjusted over all splits. What reached a target of weight 0 is against the route, however little
    it is, where it is known by whose route it came."""
    if split.why not in ("", "few_clients", "requests", "no_connections"):
        return Verdict.NOT_TESTED, split.why
    if split.zero_weight:
        return Verdict.OFF_TARGET, "zero_weight"
    if split.why:
        return Verdict.NOT_TESTED, split.why
    if p is None:
        return Verdict.ON_TARGET, ""
    if p < thresholds.alpha and split.misplaced >= thresholds.min_misplaced:
        return Verdict.OFF_TARGET, "weights"
    if split.n < LEAST_EXPECTED * int((split.expected > 0).sum()):
        return Verdict.NOT_TESTED, "few_connections"
    return Verdict.ON_TARGET, ""
