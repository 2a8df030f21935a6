"""On random worlds: what was seen is allowed by what is suggested, and no rule of it could be left out.

Both are asked of the reference, of the policies as they are read again from the YAML.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given

from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import Policy
from flowcheck.model.protocols import WITH_PORTS
from flowcheck.model.verdict import Verdict
from flowcheck.reference import Judgement, Reference, Tuple5
from flowcheck.suggest.build import Wanted
from tests.agreement.agree import WORLDS, World, drawn
from tests.agreement.strategies import worlds
from tests.suggest.worlds import Made, suggest

INSTEAD = Wanted(everything=True)
BESIDE = Wanted()
TOLD = {"forbidden", "no_labels", "no_address", "no_such_rule", "no_port", "ambiguous_src", "ambiguous_dst"}
"""Reasons of what is told that a suggestion may deny."""


def judged(cluster: Cluster, options: Options, flows: Sequence[Tuple5]) -> list[Judgement]:
    return Reference(cluster, options).judge_all(flows)


def told_of(made: Made) -> set[tuple[int, int]]:
    """Protocols and ports of what it may deny."""
    return {(one.protocol, one.port) for one in made.draft.aside if one.reason in TOLD}


def lost(made: Made, options: Options, flows: Sequence[Tuple5]) -> Iterator[Tuple5]:
    """What went through and is denied though nothing says so."""
    told = told_of(made)
    for flow, after in zip(flows, judged(made.cluster, options, flows), strict=True):
        turned = flow.turned() if after.swapped else flow
        number = turned.port if flow.protocol in WITH_PORTS and turned.port is not None else -1
        ours = any("/seen-" in side.decided_by for side in (after.egress, after.ingress))
        if after.verdict is Verdict.DENY and ours and (flow.protocol, number) not in told:
            yield flow


@drawn(WORLDS // 10)
@given(worlds())
@pytest.mark.parametrize("wanted", [INSTEAD, BESIDE], ids=["instead", "beside"])
def test_nothing_that_was_seen_is_denied(wanted: Wanted, world: World) -> None:
    cluster, options, flows = world
    made = suggest(cluster, options, flows, wanted)
    assert list(lost(made, options, flows)) == []


def without_one_rule(policies: Sequence[Policy]) -> Iterator[tuple[str, tuple[Policy, ...]]]:
    """Every rule, and the policies without it."""
    for place, policy in enumerate(policies):
        for way in ("ingress", "egress"):
            rules = getattr(policy, way)
            for number in range(len(rules)):
                fewer = replace(policy, **{way: rules[:number] + rules[number + 1 :]})
                changed = (*policies[:place], fewer, *policies[place + 1 :])
                yield f"{policy}[{rules[number].label}]", changed


def allowed_sides(judgements: Sequence[Judgement]) -> list[bool]:
    return [side.verdict is Verdict.ALLOW for one in judgements for side in (one.egress, one.ingress)]


@drawn(WORLDS // 15)
@given(worlds())
def test_without_any_rule_something_seen_is_denied(world: World) -> None:
    needs_every_rule(world, INSTEAD)


@drawn(WORLDS // 15)
@given(worlds(admin=False))
def test_beside_other_policies_every_rule_is_needed_too(world: World) -> None:
    """Policies of the Admin tier may leave open what is said, whatever is suggested."""
    needs_every_rule(world, BESIDE)


def needs_every_rule(world: World, wanted: Wanted) -> None:
    cluster, options, flows = world
    made = suggest(cluster, options, flows, wanted)
    if "no_labels" in made.reasons():
        return  # the other side of a contact stays denied, or open, and its rule alone changes nothing
    before = made.cluster.policies[: len(made.cluster.policies) - len(made.policies)]
    whole = allowed_sides(judged(made.cluster, options, flows))
    for name, fewer in without_one_rule(made.policies):
        less = judged(replace(made.cluster, policies=(*before, *fewer)), options, flows)
        now = allowed_sides(less)
        assert any(was and not is_ for was, is_ in zip(whole, now, strict=True)), name
