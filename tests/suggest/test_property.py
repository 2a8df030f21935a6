"""On random worlds: what was seen is allowed by what is suggested, and no rule of it could be left out.

Both are asked of the reference, of the policies as they are read again from the YAML.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.policy import Policy
from flowcheck.model.protocols import WITH_PORTS
from flowcheck.model.verdict import Reason, Verdict
from flowcheck.reference import Judgement, Reference, Tuple5
from flowcheck.suggesting.build import Wanted
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


def lost(made: Made, flows: Sequence[Tuple5]) -> Iterator[Tuple5]:
    """What went through and is denied though nothing says so."""
    told = told_of(made)
    for flow, after in zip(flows, judged(made.cluster, made.options, flows), strict=True):
        turned = flow.turned() if after.swapped else flow
        number = turned.port if flow.protocol in WITH_PORTS and turned.port is not None else -1
        denying = [side.decided_by for side in (after.egress, after.ingress) if side.verdict is Verdict.DENY]
        ours = any("/seen-" in by for by in denying)
        if ours and (flow.protocol, number) not in told:
            yield flow


@drawn(WORLDS // 5)
@given(worlds())
@pytest.mark.parametrize("wanted", [INSTEAD, BESIDE], ids=["instead", "beside"])
def test_nothing_that_was_seen_is_denied(wanted: Wanted, world: World) -> None:
    cluster, options, flows = world
    made = suggest(cluster, options, flows, wanted)
    assert list(lost(made, flows)) == []


@drawn(WORLDS // 5)
@given(worlds(), st.sampled_from(("cilium", "calico")), st.sampled_from((INSTEAD, BESIDE)))
def test_nothing_that_was_seen_is_denied_in_other_languages(
    world: World, language: str, wanted: Wanted
) -> None:
    cluster, options, flows = world
    made = suggest(cluster, options, flows, wanted, language)
    assert list(lost(made, flows)) == []


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


@drawn(WORLDS // 10)
@given(worlds())
def test_without_any_rule_something_seen_is_denied(world: World) -> None:
    needs_every_rule(world, INSTEAD)


@drawn(WORLDS // 10)
@given(worlds(admin=False))
def test_beside_other_policies_every_rule_is_needed_too(world: World) -> None:
    """Policies of the Admin tier may leave open what is said, whatever is suggested."""
    needs_every_rule(world, BESIDE)


def by_services(made: Made) -> Iterator[str]:
    """The rules that are only for what a Service may have chosen."""
    for policy in made.draft.policies:
        for direction in policy.directions:
            for number, rule in enumerate(policy.of(direction)):
                if all(need.services for need in rule.needs):
                    yield f"NetworkPolicy/{policy.unit.namespace}/{policy.name}[{direction}[{number}]]"


def needs_every_rule(world: World, wanted: Wanted) -> None:
    cluster, options, flows = world
    made = suggest(cluster, options, flows, wanted)
    if "no_labels" in made.reasons():
        return  # the other side of a contact stays denied, or open, and its rule alone changes nothing
    before = made.cluster.policies[: len(made.cluster.policies) - len(made.policies)]
    with_all = judged(made.cluster, made.options, flows)
    whole = allowed_sides(with_all)
    differ = any(one.reason is Reason.SERVICE_BACKENDS_DIFFER for one in with_all)
    unsure = {name for name in by_services(made) if differ}
    for name, fewer in without_one_rule(made.policies):
        if name in unsure:
            continue  # a Service's backend outside keeps the verdict open, whatever is allowed
        less = judged(replace(made.cluster, policies=(*before, *fewer)), options, flows)
        now = allowed_sides(less)
        assert any(was and not is_ for was, is_ in zip(whole, now, strict=True)), name
