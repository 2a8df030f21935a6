"""Random worlds of Cilium's and Calico's languages: what is explained is the reference's verdict, and what is
proposed allows it, in the cluster as it is written, and forbids nothing that went before."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowcheck.compile import compile_program
from flowcheck.engines import calico, cilium
from flowcheck.engines.profiles import apply as apply_engine
from flowcheck.engines.table import PROFILES
from flowcheck.errors import RunError
from flowcheck.explaining import Explanation, explain
from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.protocols import WITH_PORTS
from flowcheck.reading import load_cluster
from flowcheck.reference import Reference, Tuple5
from tests.agreement.agree import World, drawn
from tests.agreement.cilium import as_written, cilium_worlds
from tests.agreement.cilium import world as cilium_world
from tests.agreement.dice import rolls
from tests.agreement.engines import by_source
from tests.agreement.strategies import engines, worlds
from tests.engines.test_calico_worlds import NUMBERS, Dice
from tests.engines.test_calico_worlds import flows as calico_flows
from tests.engines.test_calico_worlds import world as calico_world
from tests.explaining.apply import apply
from tests.explaining.test_worlds import asked

Enforced = Callable[[Cluster], Cluster]
EVERY = 7
"""Of the flows of one world each of these is explained."""


def answers(cluster: Cluster, options: Options, flows: Sequence[Tuple5]) -> list[tuple[Tuple5, Explanation]]:
    """What is said of the flows that can be asked about, each held against the reference."""
    program, reference = compile_program(cluster, options), Reference(cluster, options)
    found = []
    for flow in flows:
        ends = asked(cluster, flow)
        flow = replace(flow, icmp_type=None, icmp_code=None)
        if ends is None or flow.at:
            continue
        try:
            answer = explain(
                program,
                src=ends[0],
                dst=ends[1],
                port=flow.port,
                protocol=flow.protocol,
                source_port=flow.src_port if flow.protocol in WITH_PORTS else None,
            )
        except RunError:  # the Service has no such port
            continue
        judged = reference.judge(flow)
        assert (answer.verdict, answer.reason) == (judged.verdict, judged.reason)
        found.append((flow, answer))
    return found


def check_changes(written: Cluster, enforced: Enforced, options: Options, flows: Sequence[Tuple5]) -> int:
    """How many proposals were applied; each must allow what was asked about, and forbid nothing."""
    cluster = enforced(written)
    before, applied = Reference(cluster, options), 0
    for flow, answer in answers(cluster, options, flows):
        change = answer.change
        assert (change is None) == ("deny" not in {case.verdict for case in answer.cases})
        if change is None or not change.edits:
            assert change is None or change.notes
            continue
        after = enforced(apply(written, change))
        judged = Reference(after, options)
        for other in flows:
            was, now = before.judge(other).verdict, judged.judge(other).verdict
            assert was != "allow" or now == "allow", (answer, other)
            if flow.protocol in WITH_PORTS and (was, now) == ("deny", "allow"):
                assert (other.protocol, other.port) == (flow.protocol, flow.port)
        if change.sufficient:
            applied += 1
            assert judged.judge(flow).verdict == "allow", answer
    return applied


@drawn(40)
@given(engines())
def test_whatever_the_model_can_say_is_explained(world: World) -> None:
    answers(*world)


@drawn(60)
@given(engines().map(by_source))
def test_rules_that_ask_for_the_port_at_the_source_are_explained(world: World) -> None:
    answers(*world)


@drawn(25)
@given(cilium_worlds())
def test_what_cilium_does_is_explained(world: World) -> None:
    cluster, options, flows = world
    answers(cluster, options, flows[::EVERY])


@drawn(25)
@given(rolls(90, 5, least=2))
def test_what_is_proposed_allows_it_under_cilium(faces: list[bytes]) -> None:
    written, settings = as_written(faces)
    _, options, flows = cilium_world(faces)
    check_changes(written, lambda one: cilium.enforced(one, settings), options, flows[:: EVERY * 3])


@drawn(60)
@given(worlds(), st.sampled_from(sorted(PROFILES)))
def test_what_is_proposed_allows_it_as_any_engine_enforces(world: World, cni: str) -> None:
    """Of Kubernetes' own policies."""
    written, given_options, flows = world
    enforced = apply_engine(written, given_options, cni)
    program = compile_program(enforced.cluster, enforced.options)
    for flow in flows:
        ends = asked(written, flow)
        question = {"src": ends[0], "dst": ends[1]} if ends is not None else {}
        question |= {"port": flow.port, "protocol": flow.protocol}
        try:
            change = explain(program, **question).change if ends is not None else None  # type: ignore[arg-type]
        except RunError:  # the Service has no such port
            continue
        if change is not None and change.sufficient:
            after = apply_engine(apply(written, change), given_options, cni)
            again = explain(compile_program(after.cluster, after.options), **question)  # type: ignore[arg-type]
            assert "deny" not in {case.verdict for case in again.cases}


@pytest.mark.parametrize("seed", range(20))
def test_what_is_proposed_allows_it_under_calico(seed: int, tmp_path: Path) -> None:
    dice = Dice(seed)
    objects = calico_world(dice)
    file = tmp_path / "world.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    flows = [Tuple5(src, dst, NUMBERS[name], port) for src, dst, name, port in calico_flows(dice)]
    options = Options(icmp="policy", port_names="init", own_node="policy")
    check_changes(load_cluster([file]), calico.enforced, options, flows)
