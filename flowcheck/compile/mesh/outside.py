"""Where a mesh has no say: at pods that it does not carry, and at ports that go past a proxy."""

from __future__ import annotations

from flowcheck.model.options import Options
from flowcheck.model.peers import AllOf, AnyOf, Carries, DataPlane, Expression, IsA, Kind, Not, Where
from flowcheck.model.policy import Action, Policy, Rule
from flowcheck.model.ports import PastProxy
from flowcheck.model.tiers import Layer, Tier

_BEFORE_ALL = Tier("", -1, layer=Layer.MESH)
_CARRIED: Expression = AnyOf(tuple(Carries(plane) for plane in DataPlane))

WITHOUT_SAY = (
    Policy(
        *("", "", "outside", _BEFORE_ALL, Where(AllOf((IsA(Kind.POD), Not(_CARRIED))))),
        ingress=(Rule("", Action.ALLOW),),
    ),
    Policy(
        *("", "", "past", _BEFORE_ALL, Where(AllOf((IsA(Kind.POD), _CARRIED)))),
        ingress=(Rule("", Action.ALLOW, ports=(PastProxy(),)),),
    ),
)
"""Policies whose rules stand for that; they come before all others. One each, so that they are the first two
rules."""


def options_of(options: Options) -> Options:
    """How a mesh's policies are judged: a pod's own node is let in, as probes are, and nodes are in no
    mesh."""
    return Options(
        ipblock_matches_pods="yes",
        icmp="policy",
        skew=options.skew,
        policies_at=options.policies_at,
        cluster_ranges=options.cluster_ranges,
        assume_unchanged=options.assume_unchanged,
        staged=options.staged,
        mesh_identity=options.mesh_identity,
    )
