"""What the reference says of flows to Services: at which backends they are judged, and what comes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flowcheck.model.cluster import Namespace, Node, Pod
from flowcheck.model.options import Options
from flowcheck.model.policy import Policy
from flowcheck.model.protocols import SCTP, UDP
from flowcheck.model.service import Backend, EndpointSlice, Service
from flowcheck.model.verdict import Reason, Verdict
from flowcheck.reference import Judgement, Reference
from tests.builders import (
    allow,
    between,
    block,
    in_namespace,
    make_cluster,
    make_flow,
    make_node,
    make_pod,
    make_policy,
    make_service,
    make_service_ports,
    make_slice,
    make_template,
    roughly,
)

A, B, C, OUTSIDE = "10.244.0.1", "10.244.0.2", "10.244.0.3", "192.0.2.1"
A6, B6 = "fd00:244::1", "fd00:244::2"
HOST, VIP, VIP6 = "10.0.0.1", "10.96.0.1", "fd00:96::1"
ALLOW, DENY, UNKNOWN, NONE = Verdict.ALLOW, Verdict.DENY, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE
Object = Namespace | Node | Pod | Service | EndpointSlice | Policy


def service(*addresses: str, ports: str = "http=80:8080", **tweaks: Any) -> Service:
    """Service x/web at VIP: port 80, called http, stands for 8080."""
    return make_service("web", *(addresses or (VIP,)), ports=make_service_ports(ports), **tweaks)


SELECTING = service(selector={"app": "b"})
BY_HAND = service()
OPEN_8080 = make_policy("p", subject="app=b", ingress=[allow(None, "8080")])


def judge(
    *objects: Object, src: str | None = A, dst: str | None = VIP, at: int = 10, skew: int = 0, **flow: Any
) -> Judgement:
    """These objects and pods x/a at A, x/b at B (app=b) and x/c at C (app=b); TCP 80 from A to VIP at 10."""
    own = {f"{o.namespace}/{o.name}" for o in objects if isinstance(o, Pod)}
    pods = [make_pod("a", A), make_pod("b", B, labels="app=b"), make_pod("c", C, labels="app=b")]
    cluster = make_cluster(*(pod for pod in pods if f"{pod.namespace}/{pod.name}" not in own), *objects)
    return Reference(cluster, Options(skew=skew)).judge(make_flow(src, dst, at=at, **flow))


def reason(*objects: Object, **flow: Any) -> str:
    return str(judge(*objects, **flow).reason)


# -- from the Service's port to the backend's ----------------------------------------------------------


def test_a_service_is_judged_at_its_backends_on_their_port() -> None:
    assert judge(SELECTING, OPEN_8080).verdict is ALLOW
    assert judge(SELECTING, make_policy("p", ingress=[allow(None, "80")])).verdict is DENY
    assert judge(SELECTING, OPEN_8080).dst == "x/Service/web"


def test_a_block_with_the_services_address_in_it_says_nothing() -> None:
    policy = make_policy("p", egress=[allow(block("10.96.0.0/16"))])
    assert judge(SELECTING, policy).egress.verdict is DENY


def test_an_external_address_of_a_service_is_its_address_too() -> None:
    exposed = service(selector={"app": "b"}, external_ips=(OUTSIDE,))
    assert judge(exposed, OPEN_8080, dst=OUTSIDE).dst == "x/Service/web"
    assert judge(exposed, OPEN_8080, dst=OUTSIDE).verdict is ALLOW


@pytest.mark.parametrize(
    "flow", [{"port": 81}, {"port": None}, {"protocol": UDP}, {"protocol": 1, "port": None}]
)
def test_a_port_that_the_service_does_not_have_is_unresolved(flow: dict[str, Any]) -> None:
    judged = judge(SELECTING, **flow)
    assert (judged.dst, judged.reason) == ("x/Service/web", Reason.UNRESOLVED_DST)
    assert judged.dst_quality == "unresolved"


def test_a_service_as_source_is_unresolved() -> None:
    judged = judge(SELECTING, src=VIP, dst=A)
    assert (judged.src, judged.reason) == ("x/Service/web", Reason.UNRESOLVED_SRC)


def test_the_sources_doubt_goes_before_the_services() -> None:
    assert reason(BY_HAND, make_pod("d", A)) == "ambiguous_src"


def test_a_pod_named_beside_a_services_address_is_not_asked_on_the_services_port() -> None:
    judged = judge(SELECTING, make_pod("c", C, uid="3"), dst_pod_uid="3")
    assert (judged.dst, judged.disagrees_dst) == ("x/Service/web", False)


# -- which backends ----------------------------------------------------------------------------------

LISTED = make_slice("web", B, ports="http=8080")


def closed_to(name: str) -> Policy:
    """Closes the pod with label me=name."""
    return make_policy("closed", subject=f"me={name}", ingress=())


PODS = make_pod("b", B, labels="app=b,me=b"), make_pod("c", C, labels="app=b,me=c")


def test_slices_say_who_is_behind_and_the_selector_does_not() -> None:
    assert judge(SELECTING, LISTED, *PODS, closed_to("c")).verdict is ALLOW
    assert judge(SELECTING, LISTED, *PODS, closed_to("b")).verdict is DENY
    assert judge(BY_HAND, LISTED, *PODS, closed_to("b")).verdict is DENY


def test_backends_that_fare_differently_leave_it_open() -> None:
    judged = judge(SELECTING, *PODS, closed_to("c"))
    assert (judged.verdict, judged.reason) == (UNKNOWN, Reason.SERVICE_BACKENDS_DIFFER)
    assert judged.egress == judged.ingress
    assert judge(SELECTING, *PODS, make_policy("all", ingress=())).verdict is DENY


def test_backends_that_fare_alike_show_the_sides_of_the_first() -> None:
    policies = (
        make_policy("q", subject="me=b", ingress=[allow(label="of b")]),
        make_policy("r", subject="me=c", ingress=[allow(label="of c")]),
    )
    slices = (
        make_slice("web", C, ports="http=8080", name="1"),
        make_slice("web", B, ports="http=8080", name="2"),
    )
    assert judge(SELECTING, *PODS, *policies).ingress.decided_by == "NetworkPolicy/x/q[of b]"
    assert judge(SELECTING, *slices, *PODS, *policies).ingress.decided_by == "NetworkPolicy/x/r[of c]"


def test_denials_by_different_sides_are_one_verdict() -> None:
    """b is closed itself; what goes to c the source may not send."""
    policies = closed_to("b"), make_policy("out", subject="app=a", egress=[allow(in_namespace(pods="me=b"))])
    judged = judge(SELECTING, *PODS, make_pod("a", A, labels="app=a"), *policies)
    assert (judged.verdict, judged.egress.verdict, judged.ingress.verdict) == (DENY, ALLOW, DENY)


@pytest.mark.parametrize(
    ("b", "c", "verdict"),
    [
        ({}, {"ready": False}, DENY),
        ({"ready": False}, {}, ALLOW),
        (
            {"ready": False, "terminating": True},
            {"ready": False, "serving": False, "terminating": True},
            DENY,
        ),
        ({"ready": False}, {"ready": False, "terminating": True}, ALLOW),
        ({"ready": False}, {"ready": False}, UNKNOWN),
        ({"ready": False, "terminating": True}, {}, ALLOW),
    ],
)
def test_backends_are_the_ready_ones_else_those_that_serve_while_they_end(
    b: dict[str, bool], c: dict[str, bool], verdict: Verdict
) -> None:
    slice_ = make_slice("web", Backend(B, **b), Backend(C, **c), ports="http=8080")  # type: ignore[arg-type]
    judged = judge(BY_HAND, slice_, *PODS, closed_to("b"))
    assert judged.verdict is verdict
    assert judged.reason is (Reason.UNRESOLVED_DST if verdict is UNKNOWN else Reason.NONE)


@pytest.mark.parametrize("ports", ["other=8080", "http=8080/UDP", "8080", ""])
def test_a_slice_without_the_services_port_has_no_backends_for_it(ports: str) -> None:
    assert reason(SELECTING, make_slice("web", B, ports=ports)) == "unresolved_dst"


def test_a_slices_port_is_the_one_that_counts_else_the_services_target() -> None:
    open_9 = make_policy("p", ingress=[allow(None, "9")])
    assert judge(SELECTING, make_slice("web", B, ports="http=9"), open_9).verdict is ALLOW
    assert judge(SELECTING, make_slice("web", B, ports="http=0"), OPEN_8080).verdict is ALLOW


def test_an_endpoint_without_a_known_port_is_unresolved() -> None:
    named = service(ports="http=80:web")
    pods = make_pod("b", B, ports="web=8080"), make_pod("c", C)
    listed = make_slice("web", B, ports="http=0"), make_slice("web", C, ports="http=0")
    assert judge(named, listed[0], *pods, make_policy("p", ingress=[allow(None, "8080")])).verdict is ALLOW
    assert reason(named, listed[1], *pods) == "unresolved_dst"


def test_a_backend_is_whoever_is_at_its_address() -> None:
    assert judge(BY_HAND, make_slice("web", OUTSIDE, ports="http=8080")).ingress.verdict is NONE
    node = make_node("n1", HOST, pod_cidrs=["10.244.0.0/24"])
    assert judge(BY_HAND, make_slice("web", HOST, ports="http=8080"), node).ingress.verdict is NONE
    assert reason(BY_HAND, make_slice("web", "10.244.0.99", ports="http=8080"), node) == "unresolved_dst"
    assert reason(BY_HAND, make_slice("web", B, ports="http=8080"), make_pod("d", B)) == "ambiguous_dst"
    assert reason(
        BY_HAND, make_slice("web", "10.96.0.2", ports="http=8080"), make_service("t", "10.96.0.2")
    ) == ("unresolved_dst")


def test_a_backend_that_names_its_pod_is_that_pod() -> None:
    pods = make_pod("b", B, labels="app=b,me=b"), make_pod("d", B, labels="me=d")
    slice_ = make_slice("web", Backend(B, pod="b"), ports="http=8080")
    assert judge(BY_HAND, slice_, *pods, closed_to("d")).verdict is ALLOW
    elsewhere = make_slice("web", Backend(B, pod="c"), ports="http=8080")
    assert judge(BY_HAND, elsewhere, pods[0], closed_to("b")).verdict is DENY


def test_an_unresolved_backend_among_others_leaves_it_open() -> None:
    node = make_node("n1", pod_cidrs=["10.244.0.0/24"])
    slice_ = make_slice("web", B, "10.244.0.99", ports="http=8080")
    assert reason(BY_HAND, node, slice_) == "service_backends_differ"
    assert reason(BY_HAND, node, make_slice("web", "10.244.0.99", "10.244.0.98", ports="http=8080")) == (
        "unresolved_dst"
    )


def test_a_slice_of_another_service_or_namespace_is_not_asked() -> None:
    others = make_slice("wet", OUTSIDE, ports="http=8080"), make_slice("y/web", OUTSIDE, ports="http=8080")
    assert judge(SELECTING, *others).ingress.verdict is ALLOW


def test_only_backends_of_the_addresses_family_take_a_flow() -> None:
    dual = service(VIP, VIP6, selector={"app": "b"})
    pods = make_pod("a", A, A6), make_pod("b", B, labels="app=b"), make_pod("c", B6, labels="app=b,me=c")
    assert judge(dual, *pods, closed_to("c")).verdict is ALLOW
    assert judge(dual, *pods, closed_to("c"), src=A6, dst=VIP6).verdict is DENY
    slices = (
        make_slice("web", B, ports="http=8080", name="4"),
        make_slice("web", B6, ports="http=8080", name="6"),
    )
    assert judge(dual, *slices, *pods, closed_to("c")).verdict is ALLOW
    assert judge(dual, *slices, *pods, closed_to("c"), src=A6, dst=VIP6).verdict is DENY


# -- backends by selector ----------------------------------------------------------------------------


def test_without_slices_the_ready_pods_of_the_selector_are_the_backends() -> None:
    unready = make_pod("c", C, labels="app=b,me=c", ready=False)
    assert judge(SELECTING, PODS[0], unready, closed_to("c")).verdict is ALLOW
    all_ready = replace(SELECTING, publish_not_ready=True)
    assert reason(all_ready, PODS[0], unready, closed_to("c")) == "service_backends_differ"


@pytest.mark.parametrize(
    "pod",
    [
        make_pod("c", C, labels="app=c,me=c"),
        make_pod("y/c", C, labels="app=b,me=c"),
        make_pod("c", C, labels="app=b,me=c", finished=True),
        make_pod("c", labels="app=b,me=c", host_network=True, node="n1"),
        between(make_pod("c", C, labels="app=b,me=c"), 11, 20),
    ],
)
def test_other_pods_are_not_behind_it(pod: Pod) -> None:
    policies = closed_to("c"), make_policy("y/closed", ingress=())
    assert judge(SELECTING, PODS[0], make_pod("c"), pod, *policies).verdict is ALLOW


def test_a_pod_without_the_target_port_is_no_backend() -> None:
    named = service(ports="http=80:web", selector={"app": "b"})
    pods = make_pod("b", B, labels="app=b", ports="web=8080 web=9090"), make_pod("c", C, labels="app=b")
    assert judge(named, *pods, OPEN_8080).verdict is ALLOW
    assert reason(named) == "unresolved_dst"
    udp = make_pod("b", B, labels="app=b", ports="web=8080/UDP")
    assert reason(named, udp, pods[1]) == "unresolved_dst"


def test_a_pod_on_its_nodes_network_is_its_node() -> None:
    pods = make_pod("b", HOST, labels="app=b", node="n1", host_network=True), make_pod("c", C)
    assert judge(SELECTING, *pods, make_policy(ingress=())).ingress.verdict is NONE


@pytest.mark.parametrize("selector", [None, {}])
def test_without_slices_and_selector_nobody_knows(selector: dict[str, str] | None) -> None:
    assert reason(service(selector=selector)) == "unresolved_dst"


def test_a_pod_that_has_no_address_yet_and_a_template_are_backends() -> None:
    pods = make_pod("b", labels="app=b"), make_template("c", labels="app=b,me=c")
    assert judge(SELECTING, *pods, OPEN_8080).verdict is ALLOW
    assert reason(SELECTING, *pods, closed_to("c")) == "service_backends_differ"


# -- exemptions --------------------------------------------------------------------------------------


def test_a_pod_reaches_itself_through_its_service() -> None:
    policy = make_policy("p", ingress=(), egress=())
    assert judge(SELECTING, PODS[0], make_pod("c", C), policy, src=B).verdict is ALLOW
    assert reason(SELECTING, *PODS, policy, src=B) == "service_backends_differ"


def test_a_node_reaches_its_own_pods_through_a_service() -> None:
    pods = make_pod("b", B, labels="app=b", node="n1"), make_pod("c", C)
    node, closed = make_node("n1", HOST), make_policy("p", ingress=())
    assert judge(SELECTING, *pods, node, closed, src=HOST).ingress.verdict is ALLOW


# -- over time ---------------------------------------------------------------------------------------


def test_a_service_takes_flows_while_it_lives() -> None:
    living = between(SELECTING, 10, 20)
    assert [judge(living, at=at).dst for at in (9, 10, 20)] == [VIP, "x/Service/web", VIP]
    assert reason(living, at=9) == "unresolved_dst"
    assert judge(living, at=9, skew=1).dst_quality == "inferred"


def test_two_services_that_may_have_an_address_are_ambiguous() -> None:
    other = replace(SELECTING, name="other")
    services = between(SELECTING, 0, 10), between(other, 10, 20)
    assert [judge(*services, at=at).dst for at in (9, 10)] == ["x/Service/web", "x/Service/other"]
    assert reason(*services, at=10, skew=1) == "ambiguous_dst"


def test_two_versions_of_a_service_that_send_differently_are_ambiguous() -> None:
    versions = between(SELECTING, 0, 10), between(replace(SELECTING, selector={"app": "c"}), 10, 20)
    assert reason(*versions, at=10, skew=1) == "ambiguous_dst"
    assert reason(between(SELECTING, 0, 10), between(SELECTING, 10, 20), at=10, skew=1) == ""


def test_backends_are_those_listed_when_the_flow_began() -> None:
    slices = between(LISTED, 0, 10), between(make_slice("web", C, ports="http=8080"), 10, 20)
    said = [judge(SELECTING, *slices, *PODS, closed_to("c"), at=at) for at in (9, 10, 20)]
    assert [judged.verdict for judged in said] == [ALLOW, DENY, UNKNOWN]
    assert said[2].reason is Reason.UNRESOLVED_DST


def test_of_a_slices_versions_every_one_that_may_be_in_force_counts() -> None:
    slices = roughly(LISTED, 0, 0, 5, 15), roughly(make_slice("web", C, ports="http=8080"), 5, 15, 20, 20)
    for ordered in (slices, slices[::-1]):
        said = [judge(SELECTING, *ordered, *PODS, closed_to("c"), at=at) for at in (4, 5, 14, 15)]
        assert [judged.verdict for judged in said] == [ALLOW, UNKNOWN, UNKNOWN, DENY]
        assert said[1].reason is Reason.SERVICE_BACKENDS_DIFFER


def test_clocks_that_differ_leave_two_versions_of_a_slice() -> None:
    slices = between(LISTED, 0, 10), between(make_slice("web", C, ports="http=8080"), 10, 20)
    said = [judge(SELECTING, *slices, *PODS, closed_to("c"), at=at, skew=2).verdict for at in (7, 8, 11, 12)]
    assert said == [ALLOW, UNKNOWN, UNKNOWN, DENY]


def test_a_backend_whose_pod_is_gone_is_whoever_is_there_now() -> None:
    pods = between(make_pod("b", B, labels="me=b"), 0, 10), between(make_pod("d", B, labels="me=d"), 10, 20)
    slice_ = make_slice("web", Backend(B, pod="b"), ports="http=8080")
    assert [judge(BY_HAND, slice_, *pods, closed_to("d"), at=at).verdict for at in (9, 10)] == [ALLOW, DENY]


# -- node ports --------------------------------------------------------------------------------------

NODE_PORT = service(ports="http=80:8080@30080", type="NodePort", selector={"app": "b"})
NODE = make_node("n1", HOST)


def test_a_node_port_is_judged_at_the_services_backends() -> None:
    judged = judge(NODE_PORT, NODE, OPEN_8080, dst=HOST, port=30080)
    assert (judged.dst, judged.verdict, judged.ingress.verdict) == ("Node/n1", ALLOW, ALLOW)
    assert judge(NODE_PORT, NODE, closed_to("b"), *PODS, dst=HOST, port=30080).reason is (
        Reason.SERVICE_BACKENDS_DIFFER
    )


@pytest.mark.parametrize(
    "flow", [{"port": 30081}, {"port": 80}, {"port": 30080, "protocol": SCTP}, {"port": None}]
)
def test_other_ports_of_a_node_are_the_nodes(flow: dict[str, Any]) -> None:
    assert judge(NODE_PORT, NODE, dst=HOST, **flow).dst == "Node/n1"


def translated(*objects: Any, **flow: Any) -> bool:
    """Whether a flow to a node's port is judged at pods; of a node no policy speaks."""
    judged = judge(*objects, OPEN_8080, dst=HOST, port=30080, **flow)
    return judged.ingress.verdict is not Verdict.NOT_APPLICABLE


def test_a_node_port_belongs_to_services_that_have_node_ports() -> None:
    assert not translated(replace(NODE_PORT, type="ClusterIP"), NODE)
    assert translated(replace(NODE_PORT, type="LoadBalancer"), NODE)


def test_a_node_port_is_the_nodes_while_the_service_does_not_live() -> None:
    living = between(NODE_PORT, 10, 20)
    assert [translated(living, NODE, at=at) for at in (9, 10, 20)] == [False, True, False]


def test_a_node_port_is_as_sure_as_the_node_and_the_service() -> None:
    node, living = between(NODE, 10, 20), between(NODE_PORT, 10, 20)
    for objects in ((node, NODE_PORT), (NODE, living)):
        said = [judge(*objects, dst=HOST, port=30080, at=at, skew=1).dst_quality for at in (9, 11)]
        assert said == ["inferred", "exact"]


def test_a_node_port_two_services_may_have_is_ambiguous() -> None:
    services = between(NODE_PORT, 0, 10), between(replace(NODE_PORT, name="other"), 10, 20)
    judged = judge(*services, NODE, dst=HOST, port=30080, skew=1)
    assert (judged.dst, judged.reason) == ("Node/n1", Reason.AMBIGUOUS_DST)


def test_a_node_by_name_is_not_a_node_port() -> None:
    pod = make_pod("h", HOST, node="n1", host_network=True)
    judged = judge(NODE_PORT, NODE, pod, OPEN_8080, dst="x/h", port=30080)
    assert judged.ingress.verdict is Verdict.NOT_APPLICABLE
