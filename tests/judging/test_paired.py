"""Rows that only the second of two programs tells apart are told apart; those that neither does are one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from flowcheck.compile import Program, compile_program
from flowcheck.flows.canonical.columns import readable
from flowcheck.judging.batch import FlowBatch, make_resolver, read_flows
from flowcheck.judging.paired import PairedFlows, Under
from flowcheck.model.cluster import Cluster
from flowcheck.reference import Tuple5
from flowcheck.runners.program.given import give
from tests.agreement.paired import assert_one_pass_says_the_same
from tests.builders import allow, block, make_cluster, make_flow, make_pod, make_policy
from tests.engines.cilium_world import flow, policy, read
from tests.tools.conformance import to_table

A, B = "10.244.0.1", "10.244.0.2"


def keyed(before: Cluster, after: Cluster, flows: list[Tuple5]) -> PairedFlows:
    """All rows as one batch, held against either program alone."""
    programs = compile_program(before), compile_program(after)
    assert_one_pass_says_the_same(*programs, flows)
    found = PairedFlows(*(_under(program) for program in programs))
    batch = readable(to_table(flows).combine_chunks().to_batches()[0])
    found.add(_read(programs[0], batch), _read(programs[1], batch), 0)
    return found


def _under(program: Program) -> Under:
    given = give(program, None)
    return Under(given.program, given.moments)


def _read(program: Program, batch: pa.RecordBatch) -> FlowBatch:
    return read_flows(program, make_resolver(program), batch)


PODS = make_pod("a", A), make_pod("b", B)
POLICY = make_policy(ingress=[allow(block("192.0.2.0/24"))])
CUT = make_policy(ingress=[allow(block("192.0.2.0/25"))])


def test_a_block_that_the_second_cuts_is_two_keys_and_an_address_that_neither_does_is_one() -> None:
    flows = [make_flow(f"192.0.2.{n}", B, 80) for n in (1, 2, 200, 201)]
    found = keyed(make_cluster(*PODS, POLICY), make_cluster(*PODS, CUT), flows)
    assert found.keys[:, 2].tolist() == [2, 2]
    assert [judged.verdict.tolist() for judged in found.judged] == [[1, 1], [1, 2]]


def test_policies_alone_make_no_key_more() -> None:
    flows = [make_flow(A, B, port) for port in (80, 80, 81)]
    denied = make_policy(ingress=[allow(ports="81/TCP")])
    found = keyed(make_cluster(*PODS), make_cluster(*PODS, denied), flows)
    assert found.keys[:, 2].tolist() == [2, 1]
    assert [judged.verdict.tolist() for judged in found.judged] == [[1, 1], [2, 1]]


def test_who_opened_it_may_be_open_for_the_second_alone() -> None:
    """Both ends listen, to the second program, at the ports of the last row."""
    server = make_pod("b", B, ports="http=8080")
    before = make_cluster(make_pod("a", A), server, POLICY)
    after = make_cluster(make_pod("a", A, ports="http=9090"), server, POLICY)
    flows = [make_flow(A, B, 8080, src_port=port, initiator=0) for port in (40000, 9090)]
    found = keyed(before, after, flows)
    assert [judged.verdict.tolist() for judged in found.judged] == [[2, 2], [2, 3]]


def test_messages_that_the_second_alone_tells_apart_are_two_keys() -> None:
    """To the first no ICMP message has a type."""
    before, after = (
        read(policy(f"{{endpointSelector: {{}}, egress: [{rule}]}}"))
        for rule in ("{toEntities: [all]}", "{icmps: [{fields: [{type: 8}]}]}")
    )
    found = keyed(before, after, [flow("a/one > a/two ICMP 8"), flow("a/one > a/two ICMP 3")])
    assert [judged.verdict.tolist() for judged in found.judged] == [[1, 1], [1, 2]]


@pytest.mark.parametrize("swapped", [False, True])
def test_a_pod_that_has_another_address_is_told_as_such(swapped: bool) -> None:
    after = make_cluster(make_pod("a", B if swapped else A), make_pod("b", A if swapped else B), POLICY)
    found = keyed(make_cluster(*PODS, POLICY), after, [make_flow(A, B, 80), make_flow(B, A, 80)])
    names = compile_program(after).endpoint_names
    assert [names[end] for end in found.ends_from(0).src] == (
        ["x/Pod/b", "x/Pod/a"] if swapped else ["x/Pod/a", "x/Pod/b"]
    )
    found.clear()
    assert len(found.keys) == len(found.ends_from(0).src) == 0
    assert np.array_equal(found.judged[0].verdict, found.judged[1].verdict)


def test_batches_that_the_second_tells_apart_and_those_that_it_does_not_share_no_key() -> None:
    """One in which all ends are known comes after one in which some were met as two."""
    programs = compile_program(make_cluster(*PODS, POLICY)), compile_program(make_cluster(*PODS, CUT))
    found = PairedFlows(*map(_under, programs))
    for first_row, numbers in enumerate(((1, 200), (201,))):
        flows = [make_flow(f"192.0.2.{n}", B, 80) for n in numbers]
        batch = readable(to_table(flows).combine_chunks().to_batches()[0])
        found.add(_read(programs[0], batch), _read(programs[1], batch), first_row)
    assert found.keys[:, 2].tolist() == [1, 2]
    assert [judged.verdict.tolist() for judged in found.judged] == [[1, 1], [1, 2]]
