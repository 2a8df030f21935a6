"""What explain says where policies are of a language whose rules it has no sentences for."""

from __future__ import annotations

from dataclasses import replace

import pytest

import flowcheck
from flowcheck.compile import compile_program
from flowcheck.model.cluster import Cluster
from flowcheck.model.peers import AllOf, IsA, Kind, Of, Where, labelled
from flowcheck.model.policy import Action, Direction, Policy, Rule
from flowcheck.model.tiers import Tier
from flowcheck.model.verdict import Reason
from tests.builders import make_cluster, make_pod, select

NORMAL = Tier("Normal", 200, denies=True, asked_last=True, by_level=True)
B = make_pod("b", "10.0.0.2", labels="app=b")
PODS = make_pod("a", "10.0.0.1", labels="app=a"), B, make_pod("c", "10.0.0.3", labels="app=c")
IS_B = Where(AllOf((IsA(Kind.POD), labelled(Of.OWN, select("app=b")))))
IS_A = Where(AllOf((IsA(Kind.POD), labelled(Of.OWN, select("app=a")))))


def cluster_with(**tweaks: object) -> Cluster:
    rule = Rule("ingress[0]", Action.ALLOW, (IS_A,))
    isolates = frozenset((Direction.INGRESS,))
    policy = Policy("CiliumNetworkPolicy", "x", "p", NORMAL, IS_B, isolates=isolates, ingress=(rule,))
    made = replace(policy, ingress=(replace(rule, **tweaks),))  # type: ignore[arg-type]
    return make_cluster(*PODS, made)


@pytest.mark.parametrize(
    ("src", "verdict", "decided_by"),
    [
        ("x/a", "allow", "CiliumNetworkPolicy/x/p[ingress[0]]"),
        ("x/c", "deny", "default-deny by CiliumNetworkPolicy/x/p"),
    ],
)
def test_what_decided_is_told_and_no_change_is_proposed(src: str, verdict: str, decided_by: str) -> None:
    answer = flowcheck.explain(compile_program(cluster_with()), src=src, dst="x/b")
    (case,) = answer.cases
    assert (answer.verdict, case.ingress.decided_by) == (verdict, decided_by)
    assert case.ingress.why == f"{'allowed' if verdict == 'allow' else 'denied'} by {decided_by}"
    assert case.egress.why == "nothing denies it"
    assert answer.change is None


def test_what_a_verdict_hangs_on_is_told() -> None:
    answer = flowcheck.explain(compile_program(cluster_with(needs=Reason.NEEDS_L7)), src="x/a", dst="x/b")
    assert (answer.verdict, answer.reason) == ("unknown", "needs_l7")
    assert answer.cases[0].ingress.why == "it hangs on what neither the flow nor the inputs tell: needs_l7"
