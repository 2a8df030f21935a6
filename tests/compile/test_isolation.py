"""Who is isolated, in which direction, and by whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flowcheck import arrays as a
from flowcheck.compile.endpoints.asked import Asked
from flowcheck.compile.endpoints.layout import build_axis
from flowcheck.compile.rules.bitset import SetPool, to_indices
from flowcheck.compile.rules.decisions import Decisions, number_rules
from flowcheck.compile.rules.isolation import Isolation, Stages
from flowcheck.compile.rules.peers import PeerIndex
from flowcheck.compile.rules.selectors import SelectorIndex
from flowcheck.model.options import Options
from flowcheck.model.policy import Direction, Policy, Tier
from tests.builders import make_admin, make_cluster, make_pod, make_policy

FIRST = a.FIRST_RULE_DECISION
PODS = make_pod("a", "10.0.0.1", labels="app=a"), make_pod("b", "10.0.0.2", labels="app=b")


def isolating(direction: Direction, *policies: Policy) -> list[tuple[int, ...]]:
    """The policies that isolate pod a, and pod b."""
    cluster = make_cluster(*PODS, *policies)
    axis = build_axis(cluster, Asked())
    peers = PeerIndex(axis, cluster, SelectorIndex(axis, cluster), Options())
    isolation = Isolation(direction, policies, peers, Stages(policies, Options(), Decisions.of(policies, [])))
    pool = SetPool(len(axis.endpoints))
    numbers = isolation.sets(pool)
    isolated = [set(to_indices(pool.matrix()[number]).tolist()) for number in numbers]
    return [
        tuple(
            policy for policy, ends in zip(isolation.policies.tolist(), isolated, strict=True) if end in ends
        )
        for end in (axis.of_pod("x", name)[0] for name in ("a", "b"))
    ]


def test_a_policy_isolates_the_pods_it_selects_in_its_directions_only() -> None:
    policy = make_policy(subject="app=a", ingress=())
    assert isolating(Direction.INGRESS, policy) == [(0,), ()]
    assert isolating(Direction.EGRESS, policy) == [(), ()]


def test_the_decision_names_every_isolating_policy_in_order() -> None:
    policies = make_policy("q", ingress=()), make_policy("p", subject="app=a", ingress=())
    assert isolating(Direction.INGRESS, *policies) == [(0, 1), (0,)]
    decisions = Decisions.of(policies, number_rules(policies))
    numbers = [decisions.default_deny((0, 1)), decisions.default_deny((0,))]
    named = [decisions.listed()[number] for number in numbers]
    assert [d.text for d in named] == [
        "default-deny by NetworkPolicy/x/p, NetworkPolicy/x/q",
        "default-deny by NetworkPolicy/x/q",
    ]
    assert {d.verdict for d in named} == {a.DENY}
    assert decisions.verdict[numbers].tolist() == [a.DENY, a.DENY]


def test_the_same_policies_are_the_same_decision() -> None:
    policy = make_policy(ingress=(), egress=())
    assert isolating(Direction.INGRESS, policy) == isolating(Direction.EGRESS, policy) == [(0,), (0,)]
    decisions = Decisions.of([policy], [])
    assert decisions.default_deny((0,)) == decisions.default_deny((0,)) == len(decisions.listed()) - 1


def test_admin_policies_isolate_nobody() -> None:
    assert [isolating(direction, make_admin()) for direction in Direction] == [[(), ()]] * 2


@pytest.mark.parametrize(
    ("icmp", "portless"), [("unknown", a.UNKNOWN_DECISION + a.REASON_NO_PORT), ("policy", FIRST)]
)
def test_protocols_without_ports_are_denied_by_choice(icmp: str, portless: int) -> None:
    policies = make_admin(), make_policy(ingress=()), make_admin(tier=Tier.BASELINE)
    stages = Stages(policies, Options(icmp=icmp), Decisions.of(policies, []))  # type: ignore[arg-type]
    with_ports, without = stages.defaults((1,))
    assert with_ports.tolist() == [-1, FIRST, -1, -1]
    assert without.tolist() == [-1, portless, -1, -1]


def test_a_default_that_is_asked_last_is_of_the_stage_after_all_tiers() -> None:
    last = Tier("normal", 1, denies=True, asked_last=True)
    policies = replace(make_policy(ingress=()), tier=last), make_admin(tier=Tier.BASELINE)
    stages = Stages(policies, Options(), Decisions.of(policies, []))
    assert stages.of(policies[0]) == 0
    assert [one.tolist() for one in stages.defaults((0,))] == [[-1, -1, FIRST]] * 2
