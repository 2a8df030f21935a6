"""Which language says what would allow a denial, and what to say where no added rule can."""

from __future__ import annotations

import math

from flowcheck.explaining.asking.things import may_be_node
from flowcheck.explaining.asking.tiers import Ending
from flowcheck.explaining.changing.calico import Calico
from flowcheck.explaining.changing.cilium import Cilium
from flowcheck.explaining.changing.kubernetes import Kubernetes
from flowcheck.explaining.changing.language import Language
from flowcheck.explaining.ends import Candidate
from flowcheck.explaining.steps import is_calico, tier_name
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import CILIUM_ADMIN, CILIUM_BASELINE, CILIUM_NORMAL, CiliumSettings
from flowcheck.model.policy import Tier

_ADMIN = ("ADMIN", CILIUM_ADMIN.name)
_LAST = ("BASELINE", CILIUM_BASELINE.name, "kube-baseline")


def is_baseline(tier: Tier | None) -> bool:
    """Whether a tier is asked after the policies of namespaces."""
    return tier is not None and tier.name in _LAST


def language_of(ending: Ending, peer: Candidate) -> Language:
    """That of the policies that deny. Blocks of NetworkPolicies do not stand for nodes to Cilium."""
    kinds = {policy.kind for policy in ending.isolating}
    if ending.tier == CILIUM_BASELINE:
        return Cilium()
    if ending.tier == CILIUM_NORMAL:
        return Kubernetes() if kinds == {"NetworkPolicy"} and peer.node is None else Cilium()
    if ending.tier is not None and is_calico(ending.tier) and not is_baseline(ending.tier):
        return Kubernetes() if kinds == {"NetworkPolicy"} else Calico(ending.tier.name, ending.isolating)
    return Kubernetes()


def perhaps_node(ending: Ending, peer: Candidate, cluster: Cluster) -> bool:
    """Whether an address may be a node's, for which Cilium's blocks do not stand."""
    settings = cluster.cilium or CiliumSettings()
    of_cilium = ending.tier in (CILIUM_NORMAL, CILIUM_BASELINE) and "nodes" not in settings.cidr_match_mode
    return of_cilium and may_be_node(peer, cluster)


def final(ending: Ending) -> str:
    """Why no added rule can undo it, and what to change instead; empty where one can."""
    tried, tier = ending.tried, ending.tier
    if tried is None or tier is None or is_baseline(tier):
        return ""
    place = f" ({tried.rule.source})" if str(tried.rule.source) else ""
    name = f"{ending.decided_by}{place}"
    if tier.name in _ADMIN:
        weak = "CiliumNetworkPolicy" if tier == CILIUM_ADMIN else "NetworkPolicy"
        return (
            f"{name} is of the Admin tier, which no {weak} can undo: "
            "change that rule, or put one that allows or passes this before it"
        )
    about = f": it is about {', '.join(tried.rule.written)}" if tried.rule.written else ""
    if tier == CILIUM_NORMAL:
        return (
            f"{name} denies it, and Cilium asks what denies before what allows, so no rule that allows can "
            f"win. Narrow that rule{about}"
        )
    number = tried.policy.priority
    order = (
        ""
        if not is_calico(tier)
        else " with any order"
        if math.isinf(number)
        else f" with an order under {number:g}"
    )
    before = f"an Allow of tier {tier_name(tier)}{order} would be asked before it"
    return f"{name} denies it, and no rule behind it is asked. Narrow that rule{about}; {before}"
