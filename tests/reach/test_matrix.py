"""What a matrix says of workloads, of blocks outside, and of one moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

import flowcheck
from flowcheck.compile import compile_program
from flowcheck.model.cluster import Cluster
from flowcheck.model.instants import instant_of
from flowcheck.model.timeline import END
from flowcheck.reach.build import matrix
from flowcheck.reach.codes import FIRST_UNKNOWN, NOTHING
from flowcheck.reach.compared import difference
from flowcheck.reach.matrix import Matrix
from flowcheck.reach.tables import to_arrow
from tests.builders import (
    allow,
    between,
    block,
    in_namespace,
    make_cluster,
    make_node,
    make_pod,
    make_policy,
    make_template,
)

INTERNET = "internet (IPv4)"


def told(found: Matrix, source: str, destination: str) -> dict[str, str]:
    """By verdict, the ports."""
    return {one.verdict: one.ports for one in found.answer(source, destination)}


def of(*objects: object, **asked: object) -> Matrix:
    return matrix(compile_program(make_cluster(*objects)), **asked)  # type: ignore[arg-type]


def test_pods_that_differ_are_told_by_port() -> None:
    found = of(
        make_pod("w-1", "10.0.0.1", workload="Deployment/w", labels="app=w"),
        make_pod("w-2", "10.0.0.2", workload="Deployment/w"),
        make_pod("c", "10.0.0.3"),
        make_policy(subject="app=w", ingress=[allow(ports="80")]),
    )
    assert told(found, "x/Pod/c", "x/Deployment/w") == {
        "allow": "80/TCP",
        "some": "1-79, 81-65535/TCP; UDP; SCTP",
    }


def test_a_pod_alone_has_nothing_to_say_to_itself() -> None:
    found = of(make_pod("a", "10.0.0.1"), make_policy(ingress=[]))
    assert found.answer("x/Pod/a", "x/Pod/a") == ()


def test_a_workload_that_its_own_pods_alone_reach_is_reached_by_nobody() -> None:
    found = of(
        make_pod("w-1", "10.0.0.1", workload="Deployment/w", labels="app=w"),
        make_pod("w-2", "10.0.0.2", workload="Deployment/w", labels="app=w"),
        make_pod("c", "10.0.0.3"),
        make_policy(
            subject="app=w",
            ingress=[allow(in_namespace(pods="app=w"))],
            egress=[allow(in_namespace(pods="app=w"))],
        ),
    ).isolated()
    assert found.unreachable == found.reaching_nobody == ("x/Deployment/w",)


def test_replicas_are_judged_between_one_another_even_where_only_a_template_tells_of_them() -> None:
    policy = make_policy(ingress=[allow(ports="7000")])
    pods = [make_pod(f"t-{n}", f"10.0.0.{n}", workload="Deployment/t") for n in (1, 2)]
    by_pods, by_template = of(*pods, policy), of(make_template("t"), policy)
    for found in (by_pods, by_template):
        assert told(found, "x/Deployment/t", "x/Deployment/t")["allow"] == "7000/TCP"


def test_blocks_are_disjoint_and_the_empty_ones_are_left_out() -> None:
    found = of(
        make_pod("a", "10.0.0.1"),
        make_policy(
            egress=[
                allow(block("192.0.2.0/24"), "80"),
                allow(block("192.0.2.0/25"), "81"),
                allow(block("192.0.2.128/25"), "82"),
            ],
            ingress=None,
        ),
    )
    names = [one.name for one in found.destinations if one.kind == "block"]
    assert names == [INTERNET, "192.0.2.0/25", "192.0.2.128/25"]
    assert told(found, "x/Pod/a", "192.0.2.128/25")["allow"] == "80, 82/TCP"
    assert [*told(found, "x/Pod/a", INTERNET)] == ["deny"]


def test_nodes_are_one_party_where_they_are_asked_for() -> None:
    objects = make_node("n1", "10.9.0.1"), make_pod("a", "10.0.0.1"), make_policy(ingress=[allow(ports="80")])
    found = of(*objects, nodes=True)
    assert told(found, "(all nodes)", "x/Pod/a")["allow"] == "80/TCP"
    assert "(all nodes)" not in [one.name for one in of(*objects).sources]


def test_addresses_of_two_families_have_nothing_to_say_to_one_another() -> None:
    found = of(make_pod("a", "10.0.0.1"), make_pod("b", "fd00::1"), make_policy(ingress=[]))
    assert found.answer("x/Pod/a", "x/Pod/b") == ()
    assert [*told(found, "internet (IPv6)", "x/Pod/b")] == ["deny"]


NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(("hour", "verdict"), [(11, "allow"), (13, "deny")])
def test_it_shows_one_moment(hour: int, verdict: str) -> None:
    cluster = make_cluster(
        make_pod("a", "10.0.0.1"),
        make_pod("b", "10.0.0.2"),
        between(make_policy(ingress=[]), instant_of(NOON), END),
    )
    found = matrix(cluster, at=NOON.replace(hour=hour))
    assert [*told(found, "x/Pod/a", "x/Pod/b")] == [verdict]


def two_pods(*policies: object) -> Cluster:
    return make_cluster(make_pod("a", "10.0.0.1"), make_pod("b", "10.0.0.2"), *policies)  # type: ignore[arg-type]


def test_what_became_reachable_and_what_no_longer_is() -> None:
    before = matrix(two_pods(make_policy(ingress=[allow(ports="80-90")])))
    after = matrix(two_pods(make_policy(ingress=[allow(ports="85-95")])))
    found = difference(before, after)
    said = {
        (one.kind, one.ports)
        for one in found.changes
        if (one.source, one.destination) == ("x/Pod/a", "x/Pod/b")
    }
    assert said == {("reachable", "91-95/TCP"), ("unreachable", "80-84/TCP")}


def test_what_was_unknown_and_is_allowed_is_changed_and_not_newly_reachable() -> None:
    open_ = matrix(two_pods())
    masks = np.where(open_.masks != NOTHING, np.uint32(1 << FIRST_UNKNOWN), NOTHING).astype(np.uint32)
    unknown = replace(open_, masks=masks)
    for one, other in ((unknown, open_), (open_, unknown)):
        assert {change.kind for change in difference(one, other).changes} == {"changed"}


def test_who_is_gone_is_no_change_where_nobody_could_reach_him() -> None:
    closed = matrix(two_pods(make_policy(ingress=[], egress=[])))
    found = difference(
        closed, matrix(make_cluster(make_pod("a", "10.0.0.1"), make_policy(ingress=[], egress=[])))
    )
    assert (found.gone, found.changes) == (("x/Pod/b",), ())


def test_a_new_pod_is_told_of_as_new() -> None:
    whole = two_pods(make_policy(ingress=[allow(ports="80")]))
    alone = make_cluster(make_pod("a", "10.0.0.1"), make_policy(ingress=[allow(ports="80")]))
    found = difference(matrix(alone), matrix(whole))
    assert (found.new, found.gone) == (("x/Pod/b",), ())
    assert {(one.kind, one.before, one.ports) for one in found.changes} >= {("reachable", "absent", "80/TCP")}


def test_the_table_has_all_that_the_matrix_says() -> None:
    found = matrix(two_pods(make_policy(ingress=[allow(ports="80")], subject="")))
    rows = [row for row in to_arrow(found).to_pylist() if (row["src"], row["dst"]) == ("x/Pod/a", "x/Pod/b")]
    assert [(row["protocol"], row["first_port"], row["last_port"], row["verdict"]) for row in rows] == [
        ("TCP", 1, 79, "deny"),
        ("TCP", 80, 80, "allow"),
        ("TCP", 81, 65535, "deny"),
        ("UDP", 1, 65535, "deny"),
        ("SCTP", 1, 65535, "deny"),
    ]


def test_a_program_without_its_cluster_names_nobody() -> None:
    program = compile_program(two_pods()).without_cluster()
    with pytest.raises(flowcheck.CompileError, match="stripped of its cluster"):
        flowcheck.matrix(program)


@pytest.mark.parametrize("port", [0, 65536])
def test_a_port_there_cannot_be(port: int) -> None:
    with pytest.raises(ValueError, match="is no port"):
        flowcheck.matrix(two_pods(), port=port)
