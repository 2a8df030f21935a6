"""In whose language each policy is, and which policies an engine leaves to others."""

from __future__ import annotations

from collections.abc import Iterator

from flowcheck.engines import istio
from flowcheck.engines.signs import AUTO, Found
from flowcheck.engines.switches.own import OWN_KINDS, is_own
from flowcheck.engines.table import PROFILES
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import Profile
from flowcheck.model.left_out import LeftOut
from flowcheck.model.policy import Policy


def language_of(policy: Policy) -> str:
    """The engine whose own language a policy is in; empty: Kubernetes'."""
    if is_own(policy) and policy.kind in OWN_KINDS:
        return ""
    return "cilium" if policy.kind.startswith("Cilium") else "calico"


def of_engine(cluster: Cluster, cni: str) -> Iterator[Policy]:
    """The policies that the engine knows."""
    network = (policy for policy in cluster.policies if not istio.is_own(policy))
    return (policy for policy in network if language_of(policy) in ("", cni))


def left_out_of(cluster: Cluster, profile: Profile, found: Found, asked: str) -> Iterator[LeftOut]:
    """Policies of each other engine, but for those that are not in force there either, each once."""
    by_engine: dict[str, dict[str, Policy]] = {}
    for policy in cluster.policies:
        if istio.is_own(policy):
            continue
        language = language_of(policy)
        if language not in ("", profile.name) and not (policy.staged or policy.refused):
            by_engine.setdefault(language, {}).setdefault(str(policy), policy)
    running = dict([*found.others, (found.cni, found.because)])
    because = (
        f"as {profile.title} is taken to enforce policies" if asked == AUTO else f"because of --cni {asked}"
    )
    for name, policies in by_engine.items():
        name_of_first, policy = next(iter(policies.items()))
        first = f"{name_of_first} ({policy.source})"
        yield LeftOut(PROFILES[name].title, len(policies), first, because, running.get(name, ""))
