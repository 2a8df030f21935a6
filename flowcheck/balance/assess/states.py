"""What is said of a Service port: balanced or skewed, or why neither can be said.

An alarm needs three things at once: a difference that chance does not explain, among all Services tested
(adjusted p below ``alpha``); a difference worth the trouble (misplaced share or CV above its threshold);
and a test that holds, which it does not where connections follow few clients.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flowcheck.balance.assess.chance import LEAST_EXPECTED, Fit
from flowcheck.balance.count.measures import Measures
from flowcheck.kernels.chance.tails import chi_square_tail
from flowcheck.model.options import Thresholds

CLIENTS_PER_ENDPOINT = 10
"""Where connections follow their client, so many clients per endpoint are needed to speak of shares."""
TOO_EVEN = 0.001


class State(StrEnum):
    BALANCED = "balanced"
    SKEWED = "skewed"
    INSUFFICIENT = "insufficient"
    NOT_APPLICABLE = "not_applicable"


class Why(StrEnum):
    """Why a Service port is insufficient or not applicable; NONE where it is neither."""

    NONE = ""
    EXTERNAL_NAME = "external_name"
    HEADLESS = "headless"
    NO_BACKENDS = "no_backends"
    SINGLE_ENDPOINT = "single_endpoint"
    ENDPOINTS_NOT_RECORDED = "endpoints_not_recorded"
    ORIGINS_NOT_KNOWN = "origins_not_known"
    NO_CONNECTIONS = "no_connections"
    FEW_CONNECTIONS = "few_connections"
    FEW_CLIENTS = "few_clients"
    AGGREGATED = "aggregated"
    ROUTED = "routed"
    HASHED = "hashed"
    OWN_ZONES = "own_zones"
    BALANCER = "balancer"
    CLIENTS_DIFFER = "clients_differ"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one Service port shows. ``tested`` are connections at k expected endpoints; ``few_clients`` when
    connections follow too few clients; ``p`` is adjusted."""

    tested: int
    k: int
    measures: Measures
    p: float
    few_clients: bool = False


def decide(evidence: Evidence, thresholds: Thresholds) -> tuple[State, Why]:
    """The state of a Service port with connections at two or more expected endpoints."""
    if evidence.few_clients:
        return State.INSUFFICIENT, Why.FEW_CLIENTS
    if evidence.p < thresholds.alpha and is_large(evidence.measures, thresholds):
        return State.SKEWED, Why.NONE
    if evidence.tested < LEAST_EXPECTED * evidence.k:
        return State.INSUFFICIENT, Why.FEW_CONNECTIONS
    return State.BALANCED, Why.NONE


def is_large(measures: Measures, thresholds: Thresholds) -> bool:
    return measures.misplaced >= thresholds.min_misplaced or measures.cv >= thresholds.min_cv


def is_over_even(fit: Fit) -> bool:
    """Evener than chance would have it: round robin, or least connections. No fault, but good to know.

    Said only where the chi-square approximation holds: a few connections are even by chance.
    """
    return fit.method == "chi-square" and 1.0 - chi_square_tail(fit.statistic, fit.freedom) < TOO_EVEN
