"""Rules as rows: one per port range, split by what a port name means, in the order they are asked."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import pytest

from flowcheck import arrays as a
from flowcheck.arrays import Int32, Rows, UInt64
from flowcheck.compile import axis_of
from flowcheck.compile.rules import bitset
from flowcheck.compile.rules.directions import Rulebook, compile_direction
from flowcheck.model.options import Options
from flowcheck.model.policy import Anyone, Direction, DomainNames, Policy
from tests.builders import (
    allow,
    block,
    deny,
    in_namespace,
    in_namespaces,
    make_admin,
    make_baseline,
    make_cluster,
    make_pod,
    make_policy,
    passing,
)

PODS = (
    make_pod("a", "10.0.0.1", labels="app=a", ports="web=80 web=81 dns=53/UDP"),
    make_pod("b", "10.0.0.2", labels="app=b", ports="web=8080"),
)


class Compiled(NamedTuple):
    """One direction, and the names of its endpoints."""

    sets: UInt64
    rows: Rows
    endpoint_names: list[str]

    def names(self, numbers: Int32) -> list[set[str]]:
        """The named endpoints of sets."""
        members = (bitset.to_indices(self.sets[number]).tolist() for number in numbers)
        return [{self.endpoint_names[e] for e in found} - {""} for found in members]


def compiled(*policies: Policy, direction: Direction = Direction.INGRESS, **options: str) -> Compiled:
    cluster, chosen = make_cluster(*PODS, *policies), Options(**options)  # type: ignore[arg-type]
    axis = axis_of(cluster, chosen)
    found = compile_direction(direction, Rulebook.of(axis, cluster, cluster.policies, chosen))
    return Compiled(found.sets, found.rows, [end.name for end in axis.endpoints])


def rows_of(*policies: Policy) -> Rows:
    return compiled(*policies).rows


def test_a_port_name_is_split_by_the_numbers_it_stands_for_on_the_subject() -> None:
    ingress = compiled(make_policy(ingress=[allow(None, "web")]))
    rows = ingress.rows
    assert ingress.names(rows.subject) == [{"x/Pod/a"}, {"x/Pod/a"}, {"x/Pod/b"}]
    assert len(set(rows.decision.tolist())) == 1


def test_a_port_name_on_egress_is_split_by_peer() -> None:
    egress = compiled(make_policy(egress=[allow(in_namespace(), "web")]), direction=Direction.EGRESS)
    rows = egress.rows
    assert egress.names(rows.peer) == [{"x/Pod/a"}, {"x/Pod/a"}, {"x/Pod/b"}]
    assert egress.names(rows.subject) == [{"x/Pod/a", "x/Pod/b"}] * 3


@pytest.mark.parametrize("ports", ["none", "dns", "web/UDP"])
def test_a_port_name_nobody_has_leaves_no_row(ports: str) -> None:
    assert len(rows_of(make_policy(ingress=[allow(None, ports)])).subject) == 0


def test_a_port_name_of_any_protocol_is_found_in_each() -> None:
    assert len(rows_of(make_admin(ingress=[allow(Anyone(), "dns/*")])).subject) == 1


def test_a_rule_for_nobody_leaves_no_row() -> None:
    assert len(rows_of(make_policy(subject="app=z", ingress=[allow()])).subject) == 0
    assert len(rows_of(make_policy(ingress=[allow(in_namespace(pods="app=z"))])).subject) == 0
    assert len(rows_of(make_policy(ingress=[allow([])])).subject) == 0


def test_rows_stand_in_the_order_they_are_asked() -> None:
    rows = rows_of(
        make_baseline(ingress=[deny(Anyone())]),
        make_policy(ingress=[allow(Anyone())]),
        make_admin("z", priority=1, ingress=[passing(Anyone())]),
        make_admin("a", priority=1, ingress=[deny(Anyone(), "80"), allow(Anyone())]),
    )
    assert rows.stage.tolist() == [0, 0, 0, 1, 2]
    deny_, allow_, pass_ = a.ACTION_DENY, a.ACTION_ALLOW, a.ACTION_PASS
    assert rows.action.tolist() == [deny_, allow_, pass_, allow_, deny_]
    assert rows.decision.tolist() == sorted(rows.decision.tolist())


def test_a_block_in_doubt_is_a_second_row_for_pods_only() -> None:
    policy = make_policy(ingress=[allow([block("10.0.0.0/24"), in_namespace(pods="app=b")])])
    ingress = compiled(policy, ipblock_matches_pods="unknown")
    rows = ingress.rows
    assert rows.reason[rows.peer_if].tolist() == [0, a.REASON_UNSUPPORTED_FIELD]
    assert ingress.names(rows.peer) == [{"x/Pod/b"}, {"x/Pod/a"}]


def test_domain_names_may_be_any_external_destination() -> None:
    policy = make_admin(egress=[allow(DomainNames(("example.com",)))])
    egress = compiled(policy, direction=Direction.EGRESS)
    assert egress.rows.reason[egress.rows.peer_if].tolist() == [a.REASON_NEEDS_DNS]
    assert egress.names(egress.rows.peer) == [set()]


def test_a_rule_that_cannot_be_read_hangs_on_itself_alone() -> None:
    """All its peers are one set; two such rules are two questions."""
    odd = replace(deny([in_namespace(pods="app=a"), in_namespaces("", "app=b")]), unread=True)
    ingress = compiled(make_admin(ingress=[odd, odd]))
    rows = ingress.rows
    assert rows.reason[rows.peer_if].tolist() == [a.REASON_UNSUPPORTED_FIELD] * 2
    assert len(set(rows.peer_if.tolist())) == 2
    assert ingress.names(rows.peer[:1]) == [{"x/Pod/a", "x/Pod/b"}]


def test_a_policy_whose_subject_cannot_be_read_is_one_question() -> None:
    odd = replace(make_admin(ingress=[deny(Anyone(), "80"), allow(Anyone())]), unread=True)
    rows = rows_of(odd)
    assert rows.reason[rows.subject_if].tolist() == [a.REASON_UNSUPPORTED_FIELD] * 2
    assert len(set(rows.subject_if.tolist())) == 1
