"""What decisions tell of flows without their rule is what the reference says with the rule taken out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given

from flowcheck import arrays as a
from flowcheck.compile import compile_program
from flowcheck.compile.rules.decisions import RuleInfo
from flowcheck.flows.canonical.columns import readable
from flowcheck.judging.batch import judge_batch, make_resolver
from flowcheck.model.policy import Direction
from flowcheck.model.verdict import Verdict
from flowcheck.reference import Reference
from flowcheck.reference.flow import Judgement
from tests.agreement.agree import WORLDS, World, disagreements, drawn, never_seen
from tests.agreement.strategies import engines, worlds
from tests.agreement.timeline_strategies import timelines
from tests.algebra.removing import cut_out
from tests.tools.conformance import to_table

VERDICTS = tuple(Verdict)


def wrong(world: World) -> tuple[list[object], int]:
    """Flows of which something else is told than the reference says, and how many were asked about."""
    cluster, options, flows = world
    program = compile_program(cluster, replace(options, alternatives=True))
    (batch,) = to_table(flows).combine_chunks().to_batches()
    read, judged = judge_batch(program, make_resolver(program), readable(batch))
    leads = np.isin(program.tables.endpoints[read.flows.dst, a.KIND], (a.KIND_SERVICE, a.KIND_NODE)).tolist()
    without: dict[RuleInfo, list[Judgement]] = {}
    found: list[object] = []
    asked = 0
    for direction, decisions in ((Direction.EGRESS, judged.egress), (Direction.INGRESS, judged.ingress)):
        for place, number in enumerate(decisions.tolist()):
            made = program.decisions[number]
            open_ = a.UNKNOWN_DECISION <= made.without < a.FIRST_RULE_DECISION
            if made.rule < a.FIRST_RULE_DECISION or open_ or leads[place]:
                continue
            rule = program.rules[made.rule - a.FIRST_RULE_DECISION]
            if rule not in without:
                without[rule] = Reference(cut_out(cluster, rule), options).judge_all(flows)
            asked += 1
            now = without[rule][place]
            side = now.ingress if direction is Direction.INGRESS else now.egress
            if side.verdict is not VERDICTS[program.tables.verdict[made.without]]:
                found.append((rule.name, direction, flows[place], side, program.decisions[made.without].text))
    return found, asked


@drawn(WORLDS // 10)
@given(worlds())
def test_worlds(world: World) -> None:
    assert wrong(world)[0] == []


@drawn(WORLDS // 10)
@given(engines())
def test_all_that_the_model_can_say(world: World) -> None:
    assert wrong(world)[0] == []


@drawn(WORLDS // 10)
@given(timelines())
def test_clusters_that_change(world: World) -> None:
    assert wrong(world)[0] == []


def test_many_flows_are_asked_about() -> None:
    missing = never_seen(["any"], engines(), lambda world: ["any"] if wrong(world)[1] > 5 else [], 30)
    assert not missing


@drawn(WORLDS // 10)
@given(engines())
def test_what_would_be_changes_no_verdict(world: World) -> None:
    cluster, options, flows = world
    assert disagreements((cluster, replace(options, alternatives=True), flows)) == []
