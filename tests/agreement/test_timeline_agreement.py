"""The compiled path and the reference give the same answers on worlds that change over time.

FLOWCHECK_WORLDS sets how many random ones are drawn; an ordinary run always draws the same ones. A few are
kept by hand, for places that random ones seldom reach.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from flowcheck.model.cluster import ContainerPort
from flowcheck.model.options import Options
from flowcheck.model.policy import Tier
from flowcheck.model.protocols import TCP
from flowcheck.model.service import Backend
from flowcheck.model.timeline import BEGINNING, END
from flowcheck.reference import Tuple5
from tests.agreement.agree import WORLDS, World, disagreements, drawn
from tests.agreement.engines import by_source
from tests.agreement.timeline_strategies import changing_engines, timelines
from tests.builders import (
    allow,
    between,
    block,
    in_namespace,
    make_admin,
    make_cluster,
    make_flow,
    make_node,
    make_pod,
    make_policy,
    make_service,
    make_service_ports,
    make_slice,
    roughly,
)


@drawn(2 * WORLDS)
@given(timelines())
def test_paths_agree_on_timelines(world: World) -> None:
    assert disagreements(world) == []


@drawn(WORLDS)
@given(changing_engines())
def test_paths_agree_on_timelines_of_all_that_the_model_can_say(world: World) -> None:
    assert disagreements(world) == []


@drawn(WORLDS // 2)
@given(changing_engines().map(by_source))
def test_paths_agree_on_timelines_of_ports_at_the_source(world: World) -> None:
    assert disagreements(world) == []


A, B, C, VIP, HOST = "10.244.0.1", "10.244.0.2", "10.244.0.3", "10.96.0.1", "10.0.0.1"
SERVICE = make_service("s", VIP, ports=make_service_ports("http=80:8080"), selector={"app": "b"})
TO_KNOWN = make_policy(egress=[allow(block(f"{HOST}/32")), allow(block(f"{C}/32"))])
PAIR = make_pod("a", A, labels="app=a"), make_pod("b", B, labels="app=b")
HOSTED = replace(PAIR[1], node="n1", ports=(ContainerPort("", 8080, TCP, 443),))
TIERS = (
    roughly(make_admin(tier=Tier.BASELINE, egress=[allow(in_namespace())]), 7, 7, 7, 8),
    roughly(make_admin(egress=[allow(in_namespace(), label="admin")]), 7, 8, END, END),
)


def _by_address(at: int) -> Tuple5:
    return make_flow(A, B, at=at)


def _by_name(at: int) -> Tuple5:
    return make_flow("x/a", B, at=at)


def _by_uid(at: int) -> Tuple5:
    return make_flow(A, B, at=at, src_pod_uid="u")


KEPT: dict[str, World] = {
    "a pod that may have either label, where a policy asks for one of them": (
        make_cluster(
            PAIR[1],
            roughly(make_pod("a", A, labels="app=a", uid="u"), 0, 0, 10, 30),
            roughly(make_pod("a", A, labels="app=new", uid="u"), 10, 30, 40, 40),
            make_policy(ingress=[allow(in_namespace(pods="app=a"))]),
        ),
        Options(skew=0),
        [make_flow(A, B, at=at) for at in (5, 20, 35)] + [make_flow(B, A, at=20)],
    ),
    "a label that a pod has in one snapshot, and not in those around it": (
        make_cluster(
            PAIR[1],
            roughly(make_pod("a", A, labels="app=a", uid="u"), 0, 0, 10, 20),
            roughly(make_pod("a", A, labels="app=new", uid="u"), 10, 20, 20, 30),
            roughly(make_pod("a", A, labels="app=a", uid="u"), 20, 30, 40, 40),
            make_policy(ingress=[allow(in_namespace(pods="app=a"))]),
        ),
        Options(skew=0),
        [flow(at) for at in (9, 15, 20, 25, 30) for flow in (_by_address, _by_name, _by_uid)],
    ),
    "an address that a pod has in two snapshots, and not in the one between": (
        make_cluster(
            PAIR[1],
            roughly(make_pod("a", A, labels="app=a", uid="u"), 0, 0, 10, 20),
            roughly(make_pod("a", C, labels="app=a", uid="u"), 10, 20, 20, 30),
            roughly(make_pod("a", A, labels="app=new", uid="u"), 20, 30, 40, 40),
            make_policy(ingress=[allow(in_namespace(pods="app=a"))]),
        ),
        Options(skew=0),
        [flow(at) for at in (9, 15, 20, 25, 30) for flow in (_by_address, _by_name, _by_uid)],
    ),
    "an address of a pod that a further interface of it has from about a moment on": (
        make_cluster(
            PAIR[0],
            roughly(make_pod("b", B, uid="u"), BEGINNING, BEGINNING, 22, 25),
            roughly(make_pod("b", C, uid="u", secondary_addresses=(B,)), 19, 22, 32, 32),
            make_policy(ingress=[]),
        ),
        Options(skew=0),
        [make_flow(end, B, at=at) for at in (18, 20, 22, 24, 26, 31) for end in (A, "x/b")],
    ),
    "policies after the last snapshot, and taken to stay for a while": (
        replace(
            make_cluster(*PAIR, roughly(make_policy(ingress=[]), 0, 0, 20, END)),
            known_until=20,
        ),
        Options(skew=0, assume_unchanged=10),
        [make_flow(A, B, at=at) for at in (19, 20, 29, 30)] + [make_flow(B, A, at=30)],
    ),
    "a policy from one moment to another": (
        make_cluster(*PAIR, between(make_policy(ingress=[]), start=20, end=30)),
        Options(skew=0),
        [make_flow(A, B, at=at) for at in (19, 20, 21, 29, 30, 31)],
    ),
    "a policy that says something else from about a moment on": (
        make_cluster(
            *PAIR,
            roughly(make_policy(ingress=[allow(in_namespace())]), BEGINNING, BEGINNING, 20, 30),
            roughly(make_policy(ingress=[]), 20, 30, END, END),
        ),
        Options(skew=0),
        [make_flow(A, B, at=at) for at in (19, 25, 31)],
    ),
    # Neither port is one that openers get, so that only who listens can tell.
    "a reply from a node's address that is a Service's too": (
        make_cluster(
            *PAIR,
            make_node("n1", HOST),
            make_service("s", ports=make_service_ports("443:8080"), external_ips=(HOST,)),
            make_policy(ingress=[]),
        ),
        Options(),
        [make_flow(HOST, A, 100, src_port=443, initiator=0)],
    ),
    "a reply from a host port": (
        make_cluster(PAIR[0], HOSTED, make_node("n1", HOST), make_policy(ingress=[])),
        Options(),
        [make_flow(HOST, A, 100, src_port=443, initiator=0)],
    ),
    "a host port that one pod has after another": (
        make_cluster(
            PAIR[0],
            between(HOSTED, end=20),
            between(replace(HOSTED, name="c", addresses=(C,), labels={"app": "c"}), start=25),
            make_node("n1", HOST),
            make_policy(subject="app=b", ingress=[]),
        ),
        Options(skew=0),
        [make_flow(A, HOST, 443, at=at) for at in (10, 19, 22, 25, 30)],
    ),
    "policies at an instant at which two versions of one began": (
        make_cluster(*PAIR, make_policy(ingress=[]), make_policy(ingress=[allow()])),
        Options(policies_at=7),
        [make_flow(A, B)],
    ),
    # The later is the last in the input, not the last to be asked.
    "versions of one policy that began together in two tiers": (
        make_cluster(*PAIR, *TIERS),
        Options(policies_at=7),
        [make_flow(A, B)],
    ),
    "versions of one policy that may have begun together in two tiers": (
        make_cluster(*PAIR, *TIERS),
        Options(skew=0),
        [make_flow(A, B, at=7)],
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
    # Neither an address that the node gets later nor one that it no longer has is its own at the time.
    "a host-network pod before anything tells its node's address": (
        make_cluster(
            PAIR[0],
            between(make_pod("h", host_network=True, node="lost", uid="u"), end=0),
            between(make_pod("h", HOST, host_network=True, node="lost", uid="u"), 0),
            TO_KNOWN,
        ),
        Options(skew=1),
        [make_flow(A, None, dst_pod_uid="u", at=at) for at in (-3, -2, -1, 0, 1)],
    ),
    "a host-network pod without address while its node's changes": (
        make_cluster(
            PAIR[0],
            make_pod("h", host_network=True, node="n1"),
            roughly(make_node("n1", HOST), BEGINNING, BEGINNING, 20, 30),
            roughly(make_node("n1", "10.0.0.2"), 15, 30, END, END),
            TO_KNOWN,
        ),
        Options(skew=2),
        [make_flow(A, "x/h", at=at) for at in (12, 13, 17, 18, 30, 31, 32)],
    ),
    # It had that already, or nothing could have reached it.
    "a pod that gets its address within the skew": (
        make_cluster(PAIR[0], between(make_pod("c"), end=20), between(make_pod("c", C), 20), TO_KNOWN),
        Options(skew=2),
        [make_flow(A, "x/c", at=at) for at in (17, 18, 21, 22)],
    ),
    # That one pod surely is there makes another on the same node no less likely.
    "a workload's pods on one node's network, one of them in doubt": (
        make_cluster(
            PAIR[0],
            make_pod("d1", HOST, host_network=True, node="n1", workload="DaemonSet/d"),
            roughly(
                make_pod("d2", "10.0.0.2", host_network=True, node="n1", workload="DaemonSet/d"), 0, 9, 9, 20
            ),
            TO_KNOWN,
        ),
        Options(skew=0),
        [make_flow(A, None, dst_namespace="x", dst_workload="d", at=at) for at in (-1, 0, 8, 19, 20)],
    ),
}


@pytest.mark.parametrize("world", KEPT.values(), ids=KEPT.keys())
def test_paths_agree_on_kept_timelines(world: World) -> None:
    assert disagreements(world) == []
