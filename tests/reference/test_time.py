"""What the reference says when things change: of owners, names, policies; a test's name states the fact."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flowcheck.model.cluster import Namespace, Node, Pod
from flowcheck.model.options import IpBlockMatchesPods, Options
from flowcheck.model.policy import NodeQuery, Policy
from flowcheck.model.service import Service
from flowcheck.model.timeline import END, Lifetime
from flowcheck.model.verdict import Reason, Verdict
from flowcheck.reference import Judgement, Reference
from tests.builders import (
    allow,
    between,
    block,
    deny,
    in_namespace,
    in_namespaces,
    make_admin,
    make_cluster,
    make_flow,
    make_node,
    make_pod,
    make_policy,
    make_service,
    make_template,
    roughly,
    select,
)

A, B, C, OUTSIDE = "10.244.0.1", "10.244.0.2", "10.244.0.3", "192.0.2.1"
A6 = "fd00:244::1"
HOST = "10.0.0.1"
ALLOW, DENY, UNKNOWN, NONE = Verdict.ALLOW, Verdict.DENY, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE
Object = Namespace | Node | Pod | Service | Policy


def judge(
    *objects: Object,
    src: str | None = A,
    dst: str | None = B,
    at: int = 10,
    skew: int = 0,
    policies_at: int | None = None,
    blocks: IpBlockMatchesPods = "yes",
    **flow: Any,
) -> Judgement:
    """These objects and pod x/b at B; TCP 80 from A to B at 10 unless said otherwise."""
    cluster = make_cluster(make_pod("b", B, labels="app=b"), *objects)
    options = Options(blocks, skew=skew, policies_at=policies_at)
    return Reference(cluster, options).judge(make_flow(src, dst, at=at, **flow))


def source(*objects: Object, **flow: Any) -> tuple[str, str]:
    """Who the source is, and how sure that is."""
    judged = judge(*objects, **flow)
    return judged.src, judged.src_quality


# -- who has an address ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "name", "quality"),
    [
        (4, A, "unresolved"),
        (5, "x/Pod/old", "exact"),
        (9, "x/Pod/old", "exact"),
        (10, "x/Pod/new", "exact"),
        (19, "x/Pod/new", "exact"),
        (20, A, "unresolved"),
    ],
)
def test_an_address_is_whose_it_was_when_the_flow_began(at: int, name: str, quality: str) -> None:
    pods = between(make_pod("old", A), 5, 10), between(make_pod("new", A), 10, 20)
    assert source(*pods, at=at) == (name, quality)


def test_a_flow_without_a_time_is_of_any_time() -> None:
    cluster = make_cluster(make_pod("a", A), make_pod("b", B))
    assert Reference(cluster).judge(make_flow(A, B)).src == "x/Pod/a"


@pytest.mark.parametrize(
    ("at", "skew", "ambiguous"), [(9, 1, True), (9, 0, False), (10, 1, True), (11, 1, False)]
)
def test_within_the_skew_of_a_change_both_had_the_address(at: int, skew: int, ambiguous: bool) -> None:
    pods = between(make_pod("old", A), 5, 10), between(make_pod("new", A), 10, 20)
    judged = judge(*pods, at=at, skew=skew)
    assert (judged.reason is Reason.AMBIGUOUS_SRC) is ambiguous
    assert (judged.src == A) is ambiguous


@pytest.mark.parametrize(
    ("at", "quality"), [(8, "inferred"), (7, "unresolved"), (21, "inferred"), (22, "unresolved")]
)
def test_a_neighbour_within_the_skew_is_inferred(at: int, quality: str) -> None:
    """The last instant of [10, 20) is 19: within 2 of 21, not of 22."""
    pod = between(make_pod("a", A), 10, 20)
    assert source(pod, at=at, skew=2) == (A if quality == "unresolved" else "x/Pod/a", quality)


def test_an_owner_that_lives_only_between_the_ends_of_the_window_counts() -> None:
    pods = (
        between(make_pod("a", A), 0, 9),
        between(make_pod("m", A), 9, 10),
        between(make_pod("z", A), 10, 20),
    )
    assert judge(*pods, at=9, skew=5).reason is Reason.AMBIGUOUS_SRC
    assert source(pods[1], at=12, skew=5) == ("x/Pod/m", "inferred")


def test_two_sure_owners_at_one_instant_are_ambiguous() -> None:
    pods = between(make_pod("a", A), 0, 15), between(make_pod("c", A), 10, 20)
    assert [judge(*pods, at=at).src_quality for at in (9, 10, 14, 15)] == [
        "exact",
        "ambiguous",
        "ambiguous",
        "exact",
    ]


def test_a_sure_owner_goes_before_one_that_is_only_possible() -> None:
    pods = roughly(make_pod("a", A), 0, 0, 5, 20), between(make_pod("c", A), 10, 20)
    assert [source(*pods, at=at)[1] for at in (4, 7, 10)] == ["exact", "ambiguous", "exact"]
    assert source(*pods, at=10)[0] == "x/Pod/c"


def test_between_two_snapshots_either_owner_may_have_it() -> None:
    pods = roughly(make_pod("a", A), 0, 0, 5, 15), roughly(make_pod("c", A), 5, 15, 20, 20)
    assert judge(*pods, at=9).reason is Reason.AMBIGUOUS_SRC
    assert source(*pods, at=4) == ("x/Pod/a", "exact")


@pytest.mark.parametrize(("skew", "quality"), [(9, "ambiguous"), (10, "inferred")])
def test_an_owner_that_never_is_sure_is_inferred_for_as_long_as_clocks_may_differ(
    skew: int, quality: str
) -> None:
    """For longer than that, others may have come and gone."""
    pod = roughly(make_pod("a", A), 20, 30, 20, 30)
    assert source(pod, at=25, skew=skew)[1] == quality


def test_between_samples_of_a_cluster_others_may_have_come_and_gone() -> None:
    pods = between(make_pod("a", A), 0, 10), between(make_pod("c", A), 30, 40)
    for sampled, quality in ((False, "inferred"), (True, "ambiguous")):
        cluster = replace(make_cluster(*pods), sampled=sampled)
        judged = Reference(cluster, Options(skew=5)).judge(make_flow(A, B, at=12))
        assert judged.src_quality == quality


def test_two_label_versions_of_a_pod_are_two_owners() -> None:
    pods = between(make_pod("a", A, labels="app=a"), 0, 10), between(make_pod("a", A, labels="app=c"), 10, 20)
    policy = make_policy(subject="app=b", ingress=[allow(in_namespace(pods="app=a"))])
    assert [judge(*pods, policy, at=at).verdict for at in (9, 10)] == [ALLOW, DENY]
    assert judge(*pods, policy, at=9, skew=1).reason is Reason.AMBIGUOUS_SRC


def test_two_versions_that_differ_in_nothing_a_policy_sees_are_one_owner() -> None:
    ready = between(make_pod("a", A), 0, 10), between(make_pod("a", A, ready=False), 10, 20)
    assert source(*ready, at=10, skew=5) == ("x/Pod/a", "exact")
    moved = between(make_pod("a", A), 0, 10), between(make_pod("a", A, A6), 10, 20)
    assert source(*moved, at=10, skew=5) == ("x/Pod/a", "exact")


SEEN_ONCE = roughly(make_pod("a", A, uid="u", labels="app=c"), 10, 20, 20, 30)
"""Between two sightings of another version, at 10 and at 30."""


@pytest.mark.parametrize("by", [{}, {"src": "x/a"}, {"src_pod_uid": "u"}])
def test_a_version_that_was_seen_once_between_two_others_may_have_been_there_all_along(
    by: dict[str, Any],
) -> None:
    like = make_pod("a", A, uid="u", labels="app=a")
    pods = roughly(like, 0, 0, 10, 20), SEEN_ONCE, roughly(like, 20, 30, 40, 40)
    policy = make_policy(subject="app=b", ingress=[allow(in_namespace(pods="app=a"))])
    verdicts = [judge(*pods, policy, at=at, **by).verdict for at in (9, 15, 20, 25, 30)]
    assert verdicts == [ALLOW, UNKNOWN, UNKNOWN, UNKNOWN, ALLOW]


def test_a_version_that_nobody_can_tell_from_its_neighbours_goes_on() -> None:
    like = make_pod("a", A, uid="u", labels="app=c")
    pods = roughly(like, 0, 0, 10, 20), SEEN_ONCE, roughly(like, 20, 30, 40, 40)
    assert {source(*pods, at=at) for at in (9, 15, 20, 25, 30)} == {("x/Pod/a", "exact")}


def test_an_address_that_a_pod_had_before_and_after_another_may_have_been_somebody_elses() -> None:
    like = make_pod("a", A, uid="u")
    elsewhere = replace(SEEN_ONCE, labels={}, addresses=(C,))
    pods = roughly(like, 0, 0, 10, 20), elsewhere, roughly(like, 20, 30, 40, 40)
    qualities = [source(*pods, at=at)[1] for at in (9, 15, 20, 25, 30)]
    assert qualities == ["exact", "ambiguous", "ambiguous", "ambiguous", "exact"]


def test_two_pods_that_differ_in_nothing_but_their_uid_are_two_owners() -> None:
    pods = between(make_pod("a", A, uid="1"), 0, 10), between(make_pod("a", A, uid="2"), 10, 20)
    assert judge(*pods, at=10, skew=1).reason is Reason.AMBIGUOUS_SRC


def test_a_namespace_has_the_labels_it_had_then() -> None:
    versions = (
        between(make_pod("a", A, namespace_labels={"team": "t"}), 0, 10),
        between(make_pod("a", A, namespace_labels={"team": "u"}), 10, 20),
    )
    policy = make_policy(subject="app=b", ingress=[allow(in_namespaces("team=t"))])
    assert [judge(*versions, policy, at=at).verdict for at in (9, 10)] == [ALLOW, DENY]
    assert judge(*versions, policy, at=10, skew=1).reason is Reason.AMBIGUOUS_SRC


@pytest.mark.parametrize("at", [0, 30])
def test_an_address_that_was_a_pods_at_another_time_is_not_external(at: int) -> None:
    judged = judge(between(make_pod("a", A), 10, 20), at=at, skew=5)
    assert (judged.src, judged.reason) == (A, Reason.UNRESOLVED_SRC)


def test_an_address_that_was_a_nodes_at_another_time_is_not_external() -> None:
    node = between(make_node("n1", HOST), 10, 20)
    assert [judge(node, src=HOST, at=at).src_quality for at in (9, 10)] == ["unresolved", "exact"]


def test_a_range_that_was_a_nodes_at_another_time_is_still_of_pods() -> None:
    node = between(make_node("n1", pod_cidrs=["192.0.2.0/24"]), 10, 20)
    assert judge(node, src=OUTSIDE, at=30).src_quality == "unresolved"
    assert judge(src=OUTSIDE).src_quality == "external"


def test_a_service_address_that_ever_was_a_pods_is_not_the_services() -> None:
    pod, service = between(make_pod("a", OUTSIDE), 0, 5), make_service("s", external_ips=(OUTSIDE,))
    assert [judge(pod, service, src=OUTSIDE, at=at).src for at in (4, 5)] == ["x/Pod/a", OUTSIDE]
    assert judge(service, src=OUTSIDE).src == "x/Service/s"


# -- nodes -------------------------------------------------------------------------------------------


def test_a_node_has_the_labels_it_had_then() -> None:
    nodes = (
        between(make_node("n1", HOST, labels="role=db"), 0, 10),
        between(make_node("n1", HOST, labels="role=web"), 10, 20),
    )
    admin = make_admin(egress=[deny(NodeQuery(select("role=db")))])
    assert [judge(*nodes, admin, src=B, dst=HOST, at=at).verdict for at in (9, 10)] == [DENY, ALLOW]
    assert judge(*nodes, admin, src=B, dst=HOST, at=10, skew=1).reason is Reason.AMBIGUOUS_DST


def test_two_versions_of_a_node_with_the_same_labels_are_one_owner() -> None:
    nodes = (
        between(make_node("n1", HOST), 0, 10),
        between(make_node("n1", HOST, pod_cidrs=["10.9.0.0/24"]), 10),
    )
    assert source(*nodes, src=HOST, at=10, skew=1) == ("Node/n1", "exact")


def test_a_host_network_pods_address_is_its_nodes_while_it_lives() -> None:
    pod = between(make_pod("h", HOST, node="n1", host_network=True), 10, 20)
    assert [source(pod, src=HOST, at=at) for at in (9, 10, 20)] == [
        (HOST, "unresolved"),
        ("Node/n1", "exact"),
        (HOST, "unresolved"),
    ]


def test_a_pods_host_address_is_its_nodes_while_it_lives() -> None:
    pod = between(make_pod("c", C, node="n1", host_address=HOST), 10, 20)
    assert [judge(pod, src=HOST, at=at).src for at in (9, 10, 20)] == [HOST, "Node/n1", HOST]


def test_a_node_known_by_a_pod_has_the_labels_of_its_own_object() -> None:
    node = between(make_node("n1", labels="role=db"), 10, 20)
    pod, admin = (
        make_pod("c", C, node="n1", host_address=HOST),
        make_admin(egress=[deny(NodeQuery(select("role=db")))]),
    )
    said = [judge(node, pod, admin, src=B, dst=HOST, at=at) for at in (9, 10, 20)]
    assert [judged.dst for judged in said] == ["Node/n1"] * 3
    assert [judged.verdict for judged in said] == [UNKNOWN, DENY, UNKNOWN]
    assert [judged.reason for judged in said] == ["no_node", "", "no_node"]
    everyone = make_admin(egress=[deny(NodeQuery(select()))])
    assert [judge(node, pod, everyone, src=B, dst=HOST, at=at).verdict for at in (9, 10, 20)] == [DENY] * 3


def test_the_node_a_pod_ran_on_then_is_its_own() -> None:
    nodes = make_node("n1", HOST), make_node("n2", "10.0.0.2")
    moved = between(make_pod("c", C, node="n1"), 0, 10), between(make_pod("c", C, node="n2"), 10, 20)
    closed = make_policy(ingress=())
    said = [judge(*nodes, *moved, closed, src=HOST, dst=C, at=at).verdict for at in (9, 10)]
    assert said == [ALLOW, DENY]


# -- names -------------------------------------------------------------------------------------------


def recreated() -> tuple[Pod, Pod]:
    return (
        between(make_pod("a", A, uid="1", labels="app=a"), 0, 10),
        between(make_pod("a", C, uid="2", labels="app=c"), 10, 20),
    )


def test_a_uid_goes_before_a_name_and_a_name_before_an_address() -> None:
    pods = make_pod("a", A, uid="1"), make_pod("c", C, uid="3")
    by_uid = judge(*pods, src=None, src_namespace="x", src_pod="a", src_pod_uid="3")
    by_name = judge(*pods, src=C, src_namespace="x", src_pod="a")
    assert (by_uid.src, by_name.src) == ("x/Pod/c", "x/Pod/a")


def test_an_address_goes_before_a_workload() -> None:
    pod = make_pod("a", A, workload="Deployment/w")
    judged = judge(pod, make_pod("c", C), src=C, src_namespace="x", src_workload="w")
    assert judged.src == "x/Pod/c"


def test_a_name_is_the_pod_that_had_it_then() -> None:
    policy = make_policy(subject="app=b", ingress=[allow(in_namespace(pods="app=a"))])
    said = [judge(*recreated(), policy, src="x/a", at=at) for at in (9, 10, 20)]
    assert [judged.verdict for judged in said] == [ALLOW, DENY, UNKNOWN]
    assert said[2].reason is Reason.UNRESOLVED_SRC
    assert judge(*recreated(), src="x/a", at=10, skew=1).reason is Reason.AMBIGUOUS_SRC


def test_an_ambiguous_name_is_still_shown() -> None:
    assert source(*recreated(), src="x/a", at=10, skew=1) == ("x/Pod/a", "ambiguous")


def test_a_uid_nobody_has_then_leaves_the_name_to_say() -> None:
    judged = judge(*recreated(), src="x/a", src_pod_uid="1", at=15)
    assert (judged.src, judged.src_quality) == ("x/Pod/a", "exact")
    assert judge(*recreated(), src="x/a", src_pod_uid="1", at=15, port=80).reason is Reason.NONE


def test_a_recorded_pod_that_nobody_is_then_is_unresolved_whoever_has_the_address() -> None:
    pods = between(make_pod("a", A), 0, 10), make_pod("c", C)
    said = [judge(*pods, src=C, src_namespace="x", src_pod="a", at=at) for at in (9, 10)]
    assert [(one.src, one.src_quality) for one in said] == [("x/Pod/a", "exact"), (C, "unresolved")]
    by_uid = judge(*pods, src=C, src_pod_uid="9", at=5)
    assert (by_uid.src, by_uid.reason) == (C, "unresolved_src")


def test_a_recorded_namespace_is_not_outside() -> None:
    said = judge(make_pod("c", C), src="192.0.2.1", src_namespace="x", at=5)
    assert said.reason == "unresolved_src"


def test_a_name_nobody_has_then_leaves_the_workload_to_say() -> None:
    pods = between(make_pod("a", A), 0, 10), between(make_pod("w-1", C, workload="Deployment/w"), 10, 20)
    said = judge(*pods, src=None, src_namespace="x", src_pod="a", src_workload="w", at=10)
    assert said.src == "x/Pod/w-1"


def test_a_uid_alone_that_nobody_has_is_unresolved_under_itself() -> None:
    assert source(src=None, src_pod_uid="9") == ("9", "unresolved")


def test_a_named_pod_within_the_skew_is_inferred() -> None:
    assert source(between(make_pod("a", A), 10, 20), src="x/a", at=8, skew=2) == ("x/Pod/a", "inferred")


def test_a_named_pod_is_at_the_recorded_address_if_it_has_that() -> None:
    policy = make_policy(subject="app=b", ingress=[allow(block("10.244.0.0/24"))])
    pod = make_pod("a", A, A6, uid="1")
    assert judge(pod, policy, src=A, src_pod_uid="1").verdict is ALLOW
    assert judge(pod, policy, src=A6, src_pod_uid="1").verdict is DENY
    assert judge(pod, policy, src=OUTSIDE, src_pod_uid="1").reason is Reason.AMBIGUOUS_SRC


def test_a_named_pod_that_just_got_its_address_is_one_pod() -> None:
    pods = between(make_pod("a", uid="1"), 0, 10), between(make_pod("a", A, uid="1"), 10, 20)
    assert source(*pods, src=A, src_pod_uid="1", at=11, skew=2) == ("x/Pod/a", "exact")
    policy = make_policy(subject="app=b", ingress=[allow(block(f"{A}/32"))])
    assert judge(*pods, policy, src=None, src_pod_uid="1", at=11, skew=2).verdict is ALLOW


def test_a_pod_goes_before_a_template_of_its_name_while_it_lives() -> None:
    pods = between(make_pod("a", A), 0, 10), make_template("a")
    assert [judge(*pods, src="x/a", at=at).src for at in (9, 10)] == ["x/Pod/a", "x/Deployment/a"]


def test_the_pods_a_workload_had_then_must_agree() -> None:
    pods = (
        between(make_pod("w1", A, labels="app=a", workload="Deployment/w"), 0, 20),
        between(make_pod("w2", C, labels="app=c", workload="Deployment/w"), 10, 20),
    )
    policy = make_policy(subject="app=b", ingress=[allow(in_namespace(pods="app=a"))])
    named = {"src": None, "src_namespace": "x", "src_workload": "w"}
    said = [judge(*pods, policy, **named, at=at) for at in (9, 10, 20)]
    assert [judged.src for judged in said] == ["x/Pod/w1", "x/Deployment/w", "x/w"]
    assert [judged.reason for judged in said] == [Reason.NONE, Reason.AMBIGUOUS_SRC, Reason.UNRESOLVED_SRC]


def test_a_host_network_pod_by_name_is_its_node_as_it_was_then() -> None:
    nodes = (
        between(make_node("n1", HOST, labels="role=db"), 0, 10),
        between(make_node("n1", HOST, labels="role=web"), 10, 20),
    )
    pod, admin = (
        make_pod("h", host_network=True, node="n1", uid="1"),
        make_admin(egress=[deny(NodeQuery(select("role=db")))]),
    )
    said = [judge(*nodes, pod, admin, src=B, dst="x/h", at=at) for at in (9, 10)]
    assert [(judged.dst, judged.verdict) for judged in said] == [("Node/n1", DENY), ("Node/n1", ALLOW)]
    assert judge(*nodes, pod, admin, src=B, dst="x/h", at=10, skew=1).reason is Reason.AMBIGUOUS_DST


def test_a_host_network_pod_without_address_is_at_those_its_node_had_then() -> None:
    pod, policy = (
        make_pod("h", host_network=True, node="n1"),
        make_policy(ingress=[allow(block(f"{HOST}/32"))]),
    )
    nodes = between(make_node("n1", HOST), 0, 10), between(make_node("n1", "10.0.0.2"), 10, 20)
    told = (
        between(make_pod("c", C, node="n1", host_address=HOST), 0, 10),
        between(make_pod("c", C, node="n1", host_address="10.0.0.2"), 10, 20),
    )
    for known_by in (nodes, told):
        assert [judge(pod, *known_by, policy, src="x/h", at=at).verdict for at in (9, 10)] == [ALLOW, DENY]


def test_a_host_network_pod_has_no_address_that_its_node_got_after_it_ended() -> None:
    pod, policy = (
        between(make_pod("h", host_network=True, node="lost"), 0, 10),
        make_policy(ingress=[allow(block(f"{HOST}/32"))]),
    )
    for start, verdict in ((9, ALLOW), (10, DENY)):
        told = between(make_pod("c", C, node="lost", host_address=HOST), start)
        assert judge(pod, told, policy, src="x/h", at=9, skew=2).verdict is verdict


def test_traffic_of_a_pod_to_itself_is_told_by_uid_and_address_alike() -> None:
    pods = make_pod("a", A, uid="1"), make_policy("p", ingress=(), egress=())
    assert judge(*pods, src=None, src_pod_uid="1", dst=A).verdict is ALLOW


# -- disagreement ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "disagrees"), [(A, False), (C, True), (OUTSIDE, True), (HOST, True), ("10.96.0.1", False)]
)
def test_a_name_and_an_address_of_somebody_else_disagree(address: str, disagrees: bool) -> None:
    objects = (
        make_pod("a", A, uid="1"),
        make_pod("c", C),
        make_node("n1", HOST),
        make_service("s", "10.96.0.1"),
    )
    assert judge(*objects, src=address, src_pod_uid="1").disagrees_src is disagrees
    assert judge(*objects, src=address, src_namespace="x", src_pod="a").disagrees_src is disagrees
    assert judge(*objects, src=B, dst=address, dst_pod_uid="1").disagrees_dst is disagrees


def test_an_address_of_unknown_owner_contradicts_nobody() -> None:
    pods = make_pod("a", A, uid="1"), between(make_pod("c", C), 0, 10)
    assert [judge(*pods, src=C, src_pod_uid="1", at=at).disagrees_src for at in (9, 10)] == [True, False]


def test_an_older_pod_of_the_name_is_somebody_else() -> None:
    pods = make_pod("a", A, uid="1"), make_pod("a", C, uid="2")
    assert judge(*pods, src=C, src_pod_uid="1").disagrees_src
    assert not judge(*pods, src=A, src_pod_uid="1").disagrees_src


def test_an_address_alone_disagrees_with_nobody() -> None:
    judged = judge(make_pod("a", A))
    assert (judged.disagrees_src, judged.disagrees_dst) == (False, False)


# -- policies ----------------------------------------------------------------------------------------

CLOSED = make_policy("p", subject="app=b", ingress=())
OPEN = make_policy("p", subject="app=b", ingress=[allow()])


def at_times(*objects: Object, times: tuple[int, ...], **options: Any) -> list[tuple[Verdict, str]]:
    said = [judge(make_pod("a", A), *objects, at=at, **options) for at in times]
    return [(judged.verdict, str(judged.reason)) for judged in said]


def test_a_policy_counts_from_its_creation_until_its_deletion() -> None:
    assert at_times(between(CLOSED, 10, 20), times=(9, 10, 19, 20)) == [
        (ALLOW, ""),
        (DENY, ""),
        (DENY, ""),
        (ALLOW, ""),
    ]


def test_within_the_skew_of_a_change_that_matters_it_is_unknown() -> None:
    said = at_times(between(CLOSED, 10, 20), times=(7, 8, 11, 12, 21, 22), skew=2)
    doubt = (UNKNOWN, "ambiguous_policy")
    assert said == [(ALLOW, ""), doubt, doubt, (DENY, ""), doubt, (ALLOW, "")]


def test_a_change_that_does_not_matter_leaves_no_doubt() -> None:
    changed = between(CLOSED, 0, 10), between(replace(OPEN, ingress=(allow(None, "81"),)), 10, 20)
    assert at_times(*changed, times=(10,), skew=2) == [(DENY, "")]
    elsewhere = between(make_policy("q", subject="app=c", ingress=()), 10, 20)
    assert at_times(elsewhere, times=(10,), skew=2) == [(ALLOW, "")]


def test_the_version_that_was_there_first_is_the_one_to_name() -> None:
    changed = (
        between(make_policy("p", ingress=[allow(label="first")]), 0, 10),
        between(make_policy("p", ingress=[allow(label="second")]), 10, 20),
    )
    for versions in (changed, changed[::-1]):
        judged = judge(make_pod("a", A), *versions, at=10, skew=1)
        assert judged.ingress.decided_by == "NetworkPolicy/x/p[first]"


@pytest.mark.parametrize(("at", "named"), [(9, ""), (20, "NetworkPolicy/x/p[ingress[0]]")])
def test_no_policy_before_its_first_version_comes_first_and_after_its_last_comes_last(
    at: int, named: str
) -> None:
    judged = judge(make_pod("a", A), between(OPEN, 10, 20), at=at, skew=1)
    assert (judged.verdict, judged.ingress.decided_by) == (ALLOW, named)


def test_a_policy_that_only_may_be_in_force_may_be_absent() -> None:
    rough = roughly(CLOSED, 5, 10, 15, 20)
    doubt = (UNKNOWN, "ambiguous_policy")
    assert at_times(rough, times=(4, 5, 9, 10, 14, 15, 19, 20)) == [
        (ALLOW, ""),
        doubt,
        doubt,
        (DENY, ""),
        (DENY, ""),
        doubt,
        doubt,
        (ALLOW, ""),
    ]


def test_a_policy_that_only_may_be_in_force_comes_after_none_at_its_start_and_before_none_at_its_end() -> (
    None
):
    rough = roughly(OPEN, 5, 10, 15, 20)
    said = [judge(make_pod("a", A), rough, at=at).ingress.decided_by for at in (7, 12, 17)]
    assert said == ["", "NetworkPolicy/x/p[ingress[0]]", "NetworkPolicy/x/p[ingress[0]]"]


def test_a_sure_version_leaves_no_room_for_one_that_only_may_be_in_force() -> None:
    versions = roughly(OPEN, 0, 0, 5, 20), between(CLOSED, 10, 20)
    assert at_times(*versions, times=(10,)) == [(DENY, "")]


def test_a_policy_that_changed_at_a_time_known_only_roughly_was_never_absent() -> None:
    changed = roughly(CLOSED, 0, 0, 5, 15), roughly(replace(CLOSED, egress=()), 5, 15, 20, 20)
    assert at_times(*changed, times=(9,)) == [(DENY, "")]
    changed = roughly(CLOSED, 0, 0, 5, 15), roughly(OPEN, 5, 15, 20, 20)
    assert at_times(*changed, times=(4, 5, 14, 15)) == [
        (DENY, ""),
        (UNKNOWN, "ambiguous_policy"),
        (UNKNOWN, "ambiguous_policy"),
        (ALLOW, ""),
    ]


def test_a_gap_between_two_versions_counts_where_it_matters() -> None:
    gap = between(CLOSED, 0, 10), between(CLOSED, 11, 20)
    assert at_times(*gap, times=(9, 10, 11)) == [(DENY, ""), (ALLOW, ""), (DENY, "")]
    assert at_times(*gap, times=(8, 9), skew=1) == [(DENY, ""), (UNKNOWN, "ambiguous_policy")]


def test_two_policies_that_change_places_are_tried_in_every_way() -> None:
    """Each closes while the other is away: there may have been an instant without both."""
    swapped = between(CLOSED, 0, 10), between(replace(CLOSED, name="q"), 10, 20)
    assert at_times(*swapped, times=(10,), skew=1) == [(UNKNOWN, "ambiguous_policy")]


def test_reasons_that_differ_are_doubt_too() -> None:
    judged = judge(
        make_pod("a", A),
        between(make_policy("p", subject="app=b", ingress=[allow(None, "80")]), 10, 20),
        port=None,
        at=10,
        skew=1,
    )
    assert judged.reason is Reason.AMBIGUOUS_POLICY
    assert judge(make_pod("a", A), between(OPEN, 10, 20), port=None, at=10, skew=1).verdict is ALLOW


def test_unknown_for_two_reasons_is_doubt_of_the_policy() -> None:
    changed = (
        between(make_policy("p", subject="app=b", ingress=[allow(None, "80")]), 0, 10),
        between(make_policy("p", subject="app=b", ingress=[allow(block("10.244.0.0/24"))]), 10, 20),
    )
    said = [
        judge(make_pod("a", A), *changed, port=None, blocks="unknown", at=at, skew=skew).reason
        for at, skew in ((9, 0), (10, 0), (10, 1))
    ]
    assert said == [Reason.NO_PORT, Reason.UNSUPPORTED_FIELD, Reason.AMBIGUOUS_POLICY]


def test_each_side_has_its_own_doubt() -> None:
    opened = between(make_policy("q", subject="app=a", egress=[]), 10, 20)
    judged = judge(make_pod("a", A, labels="app=a"), CLOSED, opened, at=10, skew=1)
    assert (judged.egress.reason, judged.ingress.verdict, judged.verdict) == (
        Reason.AMBIGUOUS_POLICY,
        DENY,
        DENY,
    )


def test_a_changed_priority_changes_who_is_asked_first() -> None:
    admin = make_admin("m", priority=5, ingress=[deny(in_namespaces())])
    changed = (
        between(make_admin("n", priority=1, ingress=[allow(in_namespaces())]), 0, 10),
        between(make_admin("n", priority=9, ingress=[allow(in_namespaces())]), 10, 20),
    )
    assert at_times(admin, *changed, times=(9, 10)) == [(ALLOW, ""), (DENY, "")]


@pytest.mark.parametrize(
    ("instant", "verdict"), [(9, ALLOW), (10, DENY), (15, DENY), (25, ALLOW), (END, DENY)]
)
def test_policies_of_one_instant_judge_all_flows(instant: int, verdict: Verdict) -> None:
    versions = between(CLOSED, 10, 20), between(OPEN, 20, 30), between(CLOSED, 30)
    for at in (0, 12, 40):
        assert judge(make_pod("a", A), *versions, at=at, skew=5, policies_at=instant).verdict is verdict


def test_policies_of_one_instant_are_definite() -> None:
    """Of two versions that may have been in force then, the later; and one that may have been, was."""
    changed = roughly(OPEN, 0, 0, 5, 15), roughly(CLOSED, 5, 15, 20, 25)
    for instant, verdict in ((4, ALLOW), (5, DENY), (24, DENY), (25, ALLOW)):
        assert judge(make_pod("a", A), *changed, policies_at=instant).verdict is verdict


def test_of_two_versions_that_began_together_the_last_in_the_input_is_the_later() -> None:
    for versions, verdict in (((OPEN, CLOSED), DENY), ((CLOSED, OPEN), ALLOW)):
        assert judge(make_pod("a", A), *versions, policies_at=5).verdict is verdict


def test_owners_are_still_those_of_the_flows_time_under_policies_of_one_instant() -> None:
    pods = between(make_pod("a", A), 0, 10), between(make_pod("c", A), 10, 20)
    assert [judge(*pods, at=at, policies_at=15).src for at in (9, 10)] == ["x/Pod/a", "x/Pod/c"]


def test_an_object_without_times_always_was() -> None:
    lifetime = make_pod("a", A).lifetime
    assert lifetime == Lifetime()
    assert at_times(CLOSED, times=(-(10**15), 0, 10**15), skew=2_000_000) == [(DENY, "")] * 3
