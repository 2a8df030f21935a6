"""Who is isolated, in which direction, and by whom."""

from __future__ import annotations

import numpy as np
import pytest

from flowcheck import arrays as a
from flowcheck.compile.endpoints.pods import build_axis
from flowcheck.compile.rules.isolation import Isolation, stage_defaults
from flowcheck.compile.rules.selectors import SelectorIndex
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction, Policy, Tier
from tests.builders import make_admin, make_cluster, make_pod, make_policy

FIRST = 100
PODS = make_pod("a", "10.0.0.1", labels="app=a"), make_pod("b", "10.0.0.2", labels="app=b")


def isolation_of(*policies: Policy) -> tuple[Isolation, int, int]:
    """The isolation, and the endpoints of pods a and b."""
    cluster = make_cluster(*PODS, *policies)
    axis = build_axis(cluster, ())
    found = Isolation(policies, SelectorIndex(axis, cluster), FIRST)
    return found, axis.of_pod("x", "a")[0], axis.of_pod("x", "b")[0]


def decide(isolation: Isolation, endpoint: int, direction: Direction) -> int:
    """With every policy in force."""
    return isolation.decide(endpoint, direction, np.ones(isolation.n_policies, dtype=np.bool_))


def test_a_policy_isolates_the_pods_it_selects_in_its_directions_only() -> None:
    isolation, one, other = isolation_of(make_policy(subject="app=a", ingress=()))
    assert decide(isolation, one, Direction.INGRESS) == FIRST
    assert decide(isolation, one, Direction.EGRESS) == -1
    assert decide(isolation, other, Direction.INGRESS) == -1


def test_the_decision_names_every_isolating_policy_in_order() -> None:
    isolation, one, other = isolation_of(
        make_policy("q", ingress=()), make_policy("p", subject="app=a", ingress=())
    )
    assert decide(isolation, one, Direction.INGRESS) != decide(isolation, other, Direction.INGRESS)
    assert [d.text for d in isolation.decisions()] == [
        "default-deny by NetworkPolicy/x/p, NetworkPolicy/x/q",
        "default-deny by NetworkPolicy/x/q",
    ]
    assert {d.verdict for d in isolation.decisions()} == {a.DENY}


def test_the_same_policies_are_the_same_decision() -> None:
    isolation, one, other = isolation_of(make_policy(ingress=(), egress=()))
    decisions = {decide(isolation, e, d) for e in (one, other) for d in Direction}
    assert decisions == {FIRST}


def test_admin_policies_isolate_nobody() -> None:
    isolation, one, _ = isolation_of(make_admin())
    assert [decide(isolation, one, d) for d in Direction] == [-1, -1]


@pytest.mark.parametrize(
    ("icmp", "portless"), [("unknown", a.UNKNOWN_DECISION + a.REASON_NO_PORT), ("policy", FIRST)]
)
def test_protocols_without_ports_are_denied_by_choice(icmp: str, portless: int) -> None:
    with_ports, without = stage_defaults(Options(icmp=icmp))(FIRST)  # type: ignore[arg-type]
    assert with_ports.tolist() == [-1, FIRST, -1]
    assert without[Tier.NETWORK_POLICY] == portless
