"""The compiled path and the reference give the same answers on worlds that change over time.

FLOWCHECK_WORLDS sets how many random ones are drawn; an ordinary run always draws the same ones. A few are
kept by hand, for places that random ones seldom reach.
"""

from __future__ import annotations

import pytest
from hypothesis import given

from flowcheck.model.cluster import Backend
from flowcheck.model.options import Options
from tests.builders import (
    allow,
    between,
    make_cluster,
    make_flow,
    make_pod,
    make_policy,
    make_service,
    make_service_ports,
    make_slice,
)
from tests.test_agreement import WORLDS, World, disagreements, drawn
from tests.timeline_strategies import timelines


@drawn(2 * WORLDS)
@given(timelines())
def test_paths_agree_on_timelines(world: World) -> None:
    assert disagreements(world) == []


A, B, C, VIP = "10.244.0.1", "10.244.0.2", "10.244.0.3", "10.96.0.1"
SERVICE = make_service("s", VIP, ports=make_service_ports("http=80:8080"), selector={"app": "b"})
PAIR = make_pod("a", A, labels="app=a"), make_pod("b", B, labels="app=b")
KEPT: dict[str, World] = {
    "a policy from one moment to another": (
        make_cluster(*PAIR, between(make_policy(ingress=[]), start=20, end=30)),
        Options(skew=0),
        [make_flow(A, B, at=at) for at in (19, 20, 21, 29, 30, 31)],
    ),
    "a rule for the port behind the Service's": (
        make_cluster(*PAIR, SERVICE, make_policy(ingress=[allow(None, "8080")])),
        Options(),
        [make_flow(A, VIP, 80)],
    ),
    "a rule for the Service's port": (
        make_cluster(*PAIR, SERVICE, make_policy(ingress=[allow(None, "80")])),
        Options(),
        [make_flow(A, VIP, 80)],
    ),
    "a pod that reaches itself through its Service": (
        make_cluster(*PAIR, make_pod("c", C, labels="app=b"), SERVICE, make_policy(ingress=[])),
        Options(),
        [make_flow(src, VIP, 80) for src in (A, B, C)],
    ),
    "a backend that ends beside one that does not serve": (
        make_cluster(
            *PAIR,
            make_pod("c", C, labels="app=c"),
            SERVICE,
            make_slice(
                "s",
                Backend(B, "b", ready=False, serving=True, terminating=True),
                Backend(C, "c", ready=False, serving=False),
                ports="http=8080",
            ),
            make_policy(subject="app=c", ingress=[]),
        ),
        Options(),
        [make_flow(A, VIP, 80)],
    ),
}


@pytest.mark.parametrize("world", KEPT.values(), ids=KEPT.keys())
def test_paths_agree_on_kept_timelines(world: World) -> None:
    assert disagreements(world) == []
