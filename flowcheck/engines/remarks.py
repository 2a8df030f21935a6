"""What a person is told of how policies are enforced: by whom, and what of them is not."""

from __future__ import annotations

from collections.abc import Iterator

from flowcheck.counted import counted
from flowcheck.engines import agents
from flowcheck.engines.signs import AUTO, NOTHING_TOLD, ONLY_ADDRESSES, Found, settings_told
from flowcheck.engines.switches import remarks as switch_remarks
from flowcheck.engines.table import PROFILES
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import EngineView

AGENT = "ConfigMap cilium-config"
_SAYS_ITSELF = {"cilium": {"nodes_peers": "match", "cluster_policies": "enforced"}}
"""Of which policies it refuses, Cilium's code says more."""


def told_by(cluster: Cluster, cni: str) -> dict[str, tuple[str, str]]:
    """Switches that the plugin's own objects set: the value, and what says so."""
    told = settings_told(cluster, cni)
    if cni == "cilium" and cluster.cilium is not None:
        told |= {switch: (value, AGENT) for switch, value in agents.told_by(cluster.cilium)}
    return told


def _who_says_no(cluster: Cluster, view: EngineView) -> str:
    """What says that nothing enforces policies: a person, the plugin's own objects, or what the plugin is."""
    if "enforced" in view.chosen:
        return "--enforced no says"
    if "enforced" in (told := told_by(cluster, view.cni)):
        sign = told["enforced"][1]
        return f"{sign} says{agents.why_not(cluster.cilium) if sign == AGENT else ''}"
    chosen = view.because if view.because.startswith("--cni") else f"{view.because}, with --cni {AUTO},"
    return f"{chosen} says it is {view.title}, which enforces none"


def remarks(cluster: Cluster, view: EngineView, found: Found) -> Iterator[str]:
    title = view.title
    if not view.enforces:
        yield (
            f"nothing enforces policies here, as {_who_says_no(cluster, view)}: what they deny and went "
            "through is expected; say --enforced yes where something does"
        )
    if view.cni == found.cni:
        beside = [one for one in found.others if one[0] not in ONLY_ADDRESSES]
        for name, sign in beside:
            yield f"{PROFILES[name].title} is there too ({sign}): {title} is taken to enforce policies"
    elif found.because != NOTHING_TOLD and found.cni != "kubernetes":
        yield f"{PROFILES[found.cni].title} seems to run ({found.because}), but {view.because} was said"
    for one in view.left_out:
        yield f"{one}: {title} does not enforce them (first: {one.first})"
    if view.release and _series(view.release) != _series(view.version):
        yield (
            f"{title} {view.release} runs here, and verdicts are by the rules of {view.version}: where "
            "releases differ they may be wrong"
        )
    staged = len({str(policy) for policy in cluster.policies if policy.staged})
    if staged and view.switches["staged"] == "ignored":
        yield (
            f"{counted(staged, 'staged policy', 'staged policies')} left out, as not in force: "
            "--staged enforced judges as if they were"
        )
    if found.cni == "kubernetes" and found.others and view.cni == "kubernetes":
        yield f"{found.because}: policies are taken to be enforced; --cni flannel where nothing does"
    yield from PROFILES[view.cni].remarks
    yield from switch_remarks(cluster, {**view.switches, **_SAYS_ITSELF.get(view.cni, {})})


def _series(release: str) -> list[str]:
    """A release but for its patches."""
    return release.removeprefix("v").split(".")[:2]
