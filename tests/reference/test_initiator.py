"""What the reference says of who opened a connection, and that it then judges it from that end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flowcheck.model.protocols import SCTP, TCP, UDP
from flowcheck.model.verdict import Reason, Verdict
from flowcheck.reference import Judgement, Reference, Tuple5, infer_pairs
from tests.builders import (
    allow,
    between,
    in_namespace,
    make_cluster,
    make_flow,
    make_node,
    make_pod,
    make_policy,
    make_service,
    make_service_ports,
    make_slice,
)

A, B, OUTSIDE, HOST, VIP = "10.244.0.1", "10.244.0.2", "192.0.2.1", "10.0.0.1", "10.96.0.1"
SYN, ACK, FIN, ECE = 2, 16, 1, 64


def judge(*objects: Any, src: str = A, dst: str = B, **flow: Any) -> Judgement:
    """Pods x/a at A and x/b at B with these objects; who opened it is not recorded."""
    own = {f"{o.namespace}/{o.name}" for o in objects if hasattr(o, "workload")}
    pods = [pod for pod in (make_pod("a", A), make_pod("b", B)) if f"{pod.namespace}/{pod.name}" not in own]
    return Reference(make_cluster(*pods, *objects)).judge(make_flow(src, dst, **{"initiator": 0, **flow}))


def opened(*objects: Any, **flow: Any) -> tuple[str, str]:
    """(by whom, how that is known); nobody where it is not."""
    judged = judge(*objects, **flow)
    known = judged.initiator_basis != "none"
    assert known is (judged.reason is not Reason.UNKNOWN_INITIATOR)
    return judged.src if known else "", judged.initiator_basis


BY_A, BY_B, BY_NOBODY = "x/Pod/a", "x/Pod/b", ("", "none")


@pytest.mark.parametrize("recorded", [1, 2, None])
def test_the_source_opened_it_where_the_record_says_so_or_has_no_such_column(recorded: int | None) -> None:
    assert opened(initiator=recorded, tcp_flags=SYN | ACK, src_port=80, port=40000) == (BY_A, "record")


def test_nothing_known_is_unknown_and_the_ends_stay() -> None:
    judged = judge(src_port=5000, port=6000)
    assert (judged.src, judged.dst, judged.reason) == (BY_A, BY_B, Reason.UNKNOWN_INITIATOR)
    assert (judged.initiator_basis, judged.swapped) == ("none", False)
    assert judged.egress == judged.ingress


def test_what_is_opened_from_the_destination_is_judged_from_there() -> None:
    policy = make_policy(subject="app=a", ingress=[allow(in_namespace(pods="app=b"), "80")], egress=())
    pods = make_pod("a", A, labels="app=a"), make_pod("b", B, labels="app=b")
    judged = judge(*pods, policy, src_port=80, port=40000)
    assert (judged.src, judged.dst, judged.swapped) == (BY_B, BY_A, True)
    assert (judged.egress.verdict, judged.ingress.verdict) == (Verdict.ALLOW, Verdict.ALLOW)
    assert judge(*pods, policy, src_port=81, port=40000).ingress.verdict is Verdict.DENY


def test_names_and_uids_are_turned_with_their_ends() -> None:
    pods = make_pod("a", A, uid="1"), make_pod("b", B, uid="2"), make_pod("c", "10.244.0.3", uid="3")
    judged = judge(*pods, dst_pod_uid="3", src_namespace="x", src_pod="a", src_port=80, port=40000)
    assert (judged.src, judged.dst) == ("x/Pod/c", BY_A)
    assert (judged.disagrees_src, judged.disagrees_dst) == (True, False)


def test_turned_without_its_source_port_the_port_is_unknown() -> None:
    policy = make_policy(ingress=[allow(None, "80")])
    assert judge(policy, tcp_flags=SYN | ACK, port=80).reason is Reason.NO_PORT


# -- flags -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "answer"),
    [
        (SYN, (BY_A, "flags")),
        (SYN | FIN, (BY_A, "flags")),
        (SYN | ACK, (BY_B, "flags")),
        (SYN | ACK | ECE, (BY_B, "flags")),
        (SYN | ACK | FIN, BY_NOBODY),
        (ACK, BY_NOBODY),
        (0, BY_NOBODY),
        (None, BY_NOBODY),
    ],
)
def test_a_syn_is_the_openers_and_with_an_ack_the_answer(flags: int | None, answer: tuple[str, str]) -> None:
    assert opened(tcp_flags=flags) == answer


def test_flags_are_of_tcp() -> None:
    assert opened(tcp_flags=SYN, protocol=UDP) == BY_NOBODY


def test_flags_go_before_listeners() -> None:
    assert opened(make_pod("b", B, ports="web=80"), tcp_flags=SYN | ACK, src_port=40000) == (BY_B, "flags")


# -- pairs -------------------------------------------------------------------------------------------


def flow(
    src: str = A, dst: str = B, src_port: int | None = 1000, port: int | None = 80, **tweaks: Any
) -> Tuple5:
    return make_flow(src, dst, port, **{"src_port": src_port, "initiator": 0, **tweaks})


ANSWER = flow(B, A, 80, 1000)


def pairs(*flows: Tuple5) -> list[tuple[str, str]]:
    return [tuple(one) for one in infer_pairs(flows)]  # type: ignore[misc]


def test_a_reversed_record_of_known_opener_tells_the_opposite() -> None:
    assert pairs(flow(tcp_flags=SYN), ANSWER) == [("source", "flags"), ("destination", "pair")]
    assert pairs(flow(), replace(ANSWER, tcp_flags=SYN | ACK)) == [
        ("source", "pair"),
        ("destination", "flags"),
    ]
    assert pairs(flow(initiator=1), ANSWER) == [("source", "record"), ("destination", "pair")]


def test_a_record_of_the_same_connection_tells_the_same() -> None:
    assert pairs(flow(), flow(tcp_flags=SYN)) == [("source", "pair"), ("source", "flags")]
    assert pairs(flow(f"::ffff:{A}"), flow(tcp_flags=SYN))[0] == ("source", "pair")


@pytest.mark.parametrize(
    "other",
    [
        flow(tcp_flags=SYN, src_port=1001),
        flow(tcp_flags=SYN, port=81),
        flow(initiator=1, protocol=UDP),
        flow(tcp_flags=SYN, dst=OUTSIDE),
        flow(tcp_flags=SYN, src_port=None),
        flow(),
    ],
)
def test_another_connection_or_one_not_known_tells_nothing(other: Tuple5) -> None:
    assert pairs(ANSWER, other)[0] == ("", "none")


def test_records_that_contradict_one_another_tell_nothing() -> None:
    assert pairs(flow(tcp_flags=SYN), flow(tcp_flags=SYN | ACK), ANSWER)[2] == ("", "none")
    assert pairs(flow(A, A, 80, 80, tcp_flags=SYN), flow(A, A, 80, 80))[1] == ("", "none")


def test_what_has_no_ports_has_no_pair() -> None:
    pings = flow(initiator=1, protocol=1, src_port=0, port=0), flow(B, A, 0, 0, protocol=1)
    assert pairs(*pings)[1] == ("", "none")


def test_a_pair_goes_before_listeners_and_is_found_in_the_same_table_only() -> None:
    reference = Reference(make_cluster(make_pod("a", A, ports="x=1000"), make_pod("b", B)))
    both = reference.judge_all([flow(tcp_flags=SYN), ANSWER])
    assert [(judged.src, judged.initiator_basis) for judged in both] == [(BY_A, "flags"), (BY_A, "pair")]
    assert reference.judge(ANSWER).initiator_basis == "listener"
    assert [judged.initiator_basis for judged in reference.judge_all([ANSWER])] == ["listener"]


# -- listeners ---------------------------------------------------------------------------------------


def test_the_pod_that_declares_the_port_did_not_open_it() -> None:
    server = make_pod("b", B, ports="web=80")
    assert opened(server, src_port=5000) == (BY_A, "listener")
    assert opened(server, src=B, dst=A, src_port=80, port=5000) == (BY_A, "listener")
    assert opened(server) == (BY_A, "listener")


def test_a_declared_port_is_of_one_number_and_protocol() -> None:
    server = make_pod("b", B, ports="web=80")
    assert opened(server, port=81) == BY_NOBODY
    assert opened(server, protocol=UDP) == BY_NOBODY
    assert opened(server, port=None) == BY_NOBODY


def test_two_listeners_tell_nothing() -> None:
    pods = make_pod("a", A, ports="x=5000"), make_pod("b", B, ports="web=80")
    assert opened(*pods, src_port=5000) == BY_NOBODY
    assert opened(*pods, src_port=5001) == (BY_A, "listener")


def test_a_listener_goes_before_ports() -> None:
    assert opened(make_pod("b", B, ports="web=40000"), src_port=5000, port=40000) == (BY_A, "listener")


def test_several_pods_of_a_workload_are_not_one_that_listens() -> None:
    pods = (
        make_pod("w1", workload="Deployment/w", ports="web=80"),
        make_pod("w2", workload="Deployment/w", ports="web=80"),
    )
    named = {"dst": None, "dst_namespace": "x", "dst_workload": "w"}
    assert opened(pods[0], **named) == (BY_A, "listener")
    assert opened(*pods, **named) == BY_NOBODY


def test_a_workload_of_one_pod_that_changes_is_not_one_that_listens() -> None:
    pod = make_pod("w1", workload="Deployment/w", ports="web=80")
    versions = between(pod, 0, 10), between(replace(pod, node="n1"), 10, 10**9)
    named = {"dst": None, "dst_namespace": "x", "dst_workload": "w"}
    assert [opened(*versions, **named, at=at)[1] for at in (11, 10**8)] == ["none", "listener"]


def test_a_service_listens_on_its_ports() -> None:
    service = make_service("s", VIP, ports=make_service_ports("80:8080"))
    assert judge(service, dst=VIP).initiator_basis == "listener"
    assert judge(service, dst=VIP, port=8080).initiator_basis == "none"
    turned = judge(service, src=VIP, dst=A, src_port=80, port=5000)
    assert (turned.src, turned.dst, turned.swapped) == (BY_A, "x/Service/s", True)


def test_a_node_listens_on_node_ports() -> None:
    ports = make_service_ports("80:8080@30080")
    objects = make_node("n1", HOST), make_service("s", VIP, ports=ports, type="NodePort")
    assert judge(*objects, dst=HOST, port=30080).initiator_basis == "listener"
    assert judge(*objects, dst=HOST, port=80).initiator_basis == "none"


def test_an_address_in_a_slice_listens_whether_ready_or_not() -> None:
    slice_ = make_slice("s", OUTSIDE, B, ports="=80 =53/UDP")
    assert opened(slice_) == (BY_A, "listener")
    assert opened(slice_, dst=OUTSIDE) == BY_NOBODY
    assert opened(make_slice("s", HOST, ports="=80"), make_node("n1", HOST), dst=HOST) == (BY_A, "listener")
    assert opened(slice_, port=81) == BY_NOBODY
    assert opened(slice_, port=53, protocol=UDP) == (BY_A, "listener")
    named = {"dst": None, "dst_namespace": "x", "dst_pod": "b"}
    assert opened(slice_, **named) == (BY_A, "listener")


def test_a_slice_without_a_number_names_no_listener() -> None:
    assert opened(make_slice("s", B, ports="=0"), port=0) == BY_NOBODY


def test_who_listens_at_any_time_is_a_listener_while_it_is_there() -> None:
    slice_ = between(make_slice("s", B, ports="=80"), 10, 20)
    assert [opened(slice_, at=at)[1] for at in (9, 10, 20)] == ["listener"] * 3
    pod = between(make_pod("b", B, ports="web=80"), 10**9, 2 * 10**9)
    assert [judge(pod, at=at).initiator_basis for at in (10, 15 * 10**8)] == ["none", "listener"]


# -- ports -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("src_port", "port", "answer"),
    [
        (32768, 80, (BY_A, "port")),
        (60999, 80, (BY_A, "port")),
        (80, 32768, (BY_B, "port")),
        (32767, 80, BY_NOBODY),
        (61000, 80, BY_NOBODY),
        (40000, 50000, BY_NOBODY),
        (None, 80, BY_NOBODY),
        (40000, None, BY_NOBODY),
        (None, 40000, BY_NOBODY),
    ],
)
def test_who_has_a_port_that_is_given_out_opened_it(
    src_port: int | None, port: int | None, answer: tuple[str, str]
) -> None:
    assert opened(src_port=src_port, port=port) == answer


@pytest.mark.parametrize(("protocol", "basis"), [(TCP, "port"), (UDP, "port"), (SCTP, "port"), (1, "none")])
def test_ports_are_of_protocols_that_have_them(protocol: int, basis: str) -> None:
    assert judge(protocol=protocol, src_port=40000).initiator_basis == basis
