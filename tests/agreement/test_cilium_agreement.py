"""The compiled path and the reference say the same of policies as Cilium enforces them."""

from __future__ import annotations

from hypothesis import given

from flowcheck.model.engines import CiliumSettings
from flowcheck.model.verdict import Reason
from tests.agreement.agree import WORLDS, World, disagreements, drawn, never_seen
from tests.agreement.cilium import cilium_worlds, own_worlds
from tests.agreement.cilium_by_labels import Document, side
from tests.tools.conformance import judge_by_reference

_SEEN = (
    *("allow", "deny", Reason.NEEDS_L7, Reason.NEEDS_AUTHENTICATION, Reason.NEEDS_DNS),
    *("allow-localhost", "enable-policy", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"),
    *("ClusterNetworkPolicy", "NetworkPolicy"),
)


@drawn(WORLDS // 4)
@given(cilium_worlds())
def test_paths_agree_on_policies_of_cilium(world: World) -> None:
    assert disagreements(world) == []


@drawn(WORLDS // 4)
@given(own_worlds())
def test_an_agent_that_goes_by_labels_says_the_same(
    drawn_world: tuple[World, CiliumSettings, list[Document]],
) -> None:
    (cluster, chosen, flows), settings, policies = drawn_world
    for flow, answer in zip(flows, judge_by_reference(cluster, flows, chosen), strict=True):
        for direction, verdict in (("egress", answer.egress), ("ingress", answer.ingress)):
            said = side(policies, direction, flow, settings)
            found = "allow" if verdict == "not_applicable" else verdict
            assert said in (found, "open"), (direction, flow, said, answer)


def test_the_worlds_are_not_dull() -> None:
    """All kinds of policies decide, and all reasons there are come up."""

    def seen(world: World) -> set[str]:
        cluster, options, flows = world
        words: set[str] = set()
        for answer in judge_by_reference(cluster, flows, options):
            by = (answer.egress_policy, answer.ingress_policy)
            names = (one.removeprefix("default-deny by ").partition("[")[0].split("/") for one in by)
            words |= {answer.verdict, answer.reason, *(part for parts in names for part in parts)}
        return words

    assert never_seen(_SEEN, cilium_worlds(), seen, WORLDS) == set()
