"""Random worlds: the verdict explained is the reference's, and what is proposed really flips a denial."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings

from flowcheck.compile import compile_program
from flowcheck.errors import RunError
from flowcheck.explaining import explain
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.protocols import SCTP, TCP, UDP
from flowcheck.reference import Reference, Tuple5
from tests.agreement.strategies import worlds
from tests.explaining.apply import apply

PROPERTY = settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=120,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def asked(cluster: Cluster, flow: Tuple5) -> tuple[str, str] | None:
    """Both ends as a person would type them; None for what explain does not take or takes otherwise."""
    known = {(pod.namespace, pod.name) for pod in cluster.pods if not pod.finished}
    known |= {(pod.namespace, pod.workload.name) for pod in cluster.pods if not pod.finished}
    ends = []
    for address, namespace, pod, workload in (
        (flow.src, flow.src_namespace, flow.src_pod, flow.src_workload),
        (flow.dst, flow.dst_namespace, flow.dst_pod, flow.dst_workload),
    ):
        if address and namespace:  # the record says more than an address, and has its own say
            return None
        if address:
            ends.append(address)
        elif (namespace, pod or workload) in known and not (pod and workload):
            ends.append(f"{namespace}/{pod or workload}")
        else:
            return None
    if flow.initiator == 0:
        return None
    if flow.protocol in (TCP, UDP, SCTP) and not flow.port:
        return None
    return ends[0], ends[1]


@PROPERTY
@given(worlds())
def test_the_verdict_is_the_references(world: tuple[Cluster, Options, list[Tuple5]]) -> None:
    cluster, options, flows = world
    program, reference = compile_program(cluster, options), Reference(cluster, options)
    refused = without_port = 0
    for flow in flows:
        ends = asked(cluster, flow)
        if ends is None:
            continue
        judged = reference.judge(flow)
        try:
            answer = explain(program, src=ends[0], dst=ends[1], port=flow.port, protocol=flow.protocol)
        except RunError:  # the Service has no such port
            without_port += judged.reason in ("unresolved_dst", "unresolved_src", "ambiguous_src")
            refused += 1
            continue
        assert (answer.verdict, answer.reason) == (judged.verdict, judged.reason)
        if len(answer.cases) == 1 and answer.verdict == answer.cases[0].verdict:
            sides = (answer.cases[0].egress, answer.cases[0].ingress)
            expected = (judged.egress, judged.ingress)
            assert [(s.verdict, s.reason, s.decided_by) for s in sides] == [
                (s.verdict, s.reason, s.decided_by) for s in expected
            ]
    assert without_port == refused


@PROPERTY
@given(worlds(admin=False))
def test_what_is_proposed_flips_a_denial(world: tuple[Cluster, Options, list[Tuple5]]) -> None:
    """With NetworkPolicies only, so that nothing is in the way but isolation."""
    flips(world)


@PROPERTY
@given(worlds())
def test_what_is_proposed_flips_a_denial_beside_admin_tiers(
    world: tuple[Cluster, Options, list[Tuple5]],
) -> None:
    flips(world)


def flips(world: tuple[Cluster, Options, list[Tuple5]]) -> None:
    cluster, options, flows = world
    program = compile_program(cluster, options)
    for flow in flows:
        ends = asked(cluster, flow)
        if ends is None:
            continue
        question = {"src": ends[0], "dst": ends[1], "port": flow.port, "protocol": flow.protocol}
        try:
            answer = explain(program, **question)  # type: ignore[arg-type]
        except RunError:  # the Service has no such port
            continue
        if answer.change is None or not answer.change.sufficient:
            continue
        assert answer.change.edits
        after = compile_program(apply(cluster, answer.change), options)
        again = explain(after, **question)  # type: ignore[arg-type]
        assert "deny" not in {case.verdict for case in again.cases}
        if answer.verdict == "deny":
            assert {case.verdict for case in again.cases} == {"allow"}
            judged = Reference(after.cluster, options).judge(flow)  # type: ignore[arg-type]
            assert (judged.verdict, judged.reason) == (again.verdict, again.reason)
            assert judged.verdict == "allow" or len(again.cases) > 1


@PROPERTY
@given(worlds())
def test_no_other_pod_is_newly_isolated(world: tuple[Cluster, Options, list[Tuple5]]) -> None:
    """Whatever NetworkPolicies allowed before, they allow after."""
    cluster, options, flows = world
    cluster = replace(cluster, policies=tuple(p for p in cluster.policies if p.isolates))
    program = compile_program(cluster, options)
    before = Reference(cluster, options)
    for flow in flows[:6]:
        ends = asked(cluster, flow)
        if ends is None:
            continue
        try:
            answer = explain(program, src=ends[0], dst=ends[1], port=flow.port, protocol=flow.protocol)
        except RunError:  # the Service has no such port
            continue
        if answer.change is None:
            continue
        after = Reference(apply(cluster, answer.change), options)
        for other in flows:
            if before.judge(other).verdict == "allow":
                assert after.judge(other).verdict == "allow"
