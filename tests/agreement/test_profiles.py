"""Random worlds as every engine enforces them: both paths agree, and what is open is open soundly."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flowcheck.engines.profiles import apply
from flowcheck.engines.table import PROFILES
from flowcheck.model.engines import SWITCHES
from tests.agreement.agree import WORLDS, World, disagreements, drawn
from tests.agreement.strategies import worlds
from tests.tools.conformance import judge_by_reference

SETTABLE = [name for name in PROFILES if name not in ("cilium", "calico")]
"""Profiles that take every switch."""
CHOICES = st.fixed_dictionaries(
    {},
    optional={switch.name: st.sampled_from(switch.values or ("a", "b", "default")) for switch in SWITCHES},
)


@drawn(WORLDS // 3)
@given(worlds(admin=True), st.sampled_from(list(PROFILES)))
def test_paths_agree_as_any_engine_enforces(world: World, cni: str) -> None:
    cluster, options, flows = world
    enforced = apply(cluster, options, cni)
    assert disagreements((enforced.cluster, enforced.options, flows)) == []


@drawn(WORLDS // 3)
@given(worlds(admin=True), st.sampled_from(SETTABLE), CHOICES)
def test_paths_agree_whatever_is_chosen(world: World, cni: str, chosen: dict[str, str]) -> None:
    cluster, options, flows = world
    enforced = apply(cluster, options, cni, chosen)
    assert disagreements((enforced.cluster, enforced.options, flows)) == []


@drawn(WORLDS // 6)
@given(worlds(admin=True))
def test_kubernetes_own_answers_change_nothing_but_what_order_leaves_open(world: World) -> None:
    """By name it is as without a profile; where any may come first, that verdict or none."""
    cluster, options, flows = world
    given = {
        name: getattr(options, name)
        for name in ("ipblock_matches_pods", "icmp", "own_node", "same_pod", "port_names")
    }
    given["same_port_name"] = options.same_port_name
    by_name = apply(cluster, options, "kubernetes", {**given, "equal_priority": "name"})
    either = apply(cluster, options, "kubernetes", given)
    plain = judge_by_reference(cluster, flows, options)
    assert judge_by_reference(by_name.cluster, flows, by_name.options) == plain
    for answer, other in zip(plain, judge_by_reference(either.cluster, flows, either.options), strict=True):
        assert other.verdict in (answer.verdict, "unknown")
