"""Which network plugin a cluster runs, by its own objects: what each is recognised by, and who wins of two.

DaemonSets say what runs; ConfigMaps, CRDs and objects of a plugin's kinds may be left from what ran before,
or lie there for something else, and so count only where no DaemonSet speaks of one that enforces policies: an
agent that only gives pods their addresses may run beside one of those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from flowcheck.engines.table import PROFILES
from flowcheck.model.cluster import Cluster

AGENTS = {
    "anetd": "cilium",
    "cilium": "cilium",
    "canal": "calico",
    "calico-node": "calico",
    "antrea-agent": "antrea",
    "ovnkube-node": "ovn",
    "ovnkube-single-node-zone": "ovn",
    "aws-node": "aws",
    "kube-flannel": "flannel",
    "kube-flannel-ds": "flannel",
}
"""DaemonSets by name, which charts and manifests give them."""
CONTAINERS = {"cilium-agent": "cilium", "calico-node": "calico", "antrea-agent": "antrea"}
"""Containers of these, whose image has the plugin's release as its tag."""
OTHERS = ("kube-network-policies", "kube-router", "kindnet", "weave-net", "azure-npm", "kube-ovn-cni")
"""DaemonSets of what enforces policies as Kubernetes says, as far as is known here."""
CONFIG_MAPS = {
    "cilium-config": "cilium",
    "canal-config": "calico",
    "calico-config": "calico",
    "antrea-config": "antrea",
    "ovn-config": "ovn",
    "ovnkube-config": "ovn",
    "amazon-vpc-cni": "aws",
    "kube-flannel-cfg": "flannel",
}
GROUPS = {
    "cilium.io": "cilium",
    "projectcalico.org": "calico",
    "antrea.io": "antrea",
    "antrea.tanzu.vmware.com": "antrea",
    "k8s.ovn.org": "ovn",
    "networking.k8s.aws": "aws",
    "crd.k8s.amazonaws.com": "aws",
}
_TAG = re.compile(r":(v?\d+\.\d+[\w.-]*)$")
AUTO = "auto"
"""The choice that goes by what the cluster's own objects tell."""
NOTHING_TOLD = "no object tells which network plugin runs"
RANGES = {"CiliumPodIPPool": "cilium", "IPPool": "calico", "IPAMBlock": "calico"}
"""Kinds that tell where pods get their addresses from."""
HOST_NETWORK = ("openshift-host-network", "ovn-host-network")
"""Namespaces that installers of OVN-Kubernetes make to stand for the host network."""
ONLY_ADDRESSES = ("aws", "flannel")
"""Plugins that are used to give pods addresses while another enforces policies."""


class Found(NamedTuple):
    """``cni``: a profile's name; ``because``: the first thing that tells so. ``others``: what else runs, each
    with what tells so."""

    cni: str
    because: str
    others: tuple[tuple[str, str], ...] = ()


def recognised(cluster: Cluster) -> Found:
    """The profile that fits, by what is surest; Kubernetes' own where nothing tells of any."""
    told: dict[str, str] = {}
    for tellers in (_agents, _config_maps, _kinds):
        for cni, sign in tellers(cluster):
            told.setdefault(cni, sign)
        if told.keys() - set(ONLY_ADDRESSES):
            break
    return _best(cluster, told) if told else Found("kubernetes", NOTHING_TOLD)


def settings_told(cluster: Cluster, cni: str) -> dict[str, tuple[str, str]]:
    """Switches that the plugin's own objects set, by name: the value, and the sign that says so."""
    found: dict[str, tuple[str, str]] = {}
    for sign in cluster.signs:
        place, _, detail = sign.partition(": ")
        if AGENTS.get(place.rpartition("/")[2]) != cni or not detail:
            continue
        name, _, value = detail.lstrip("-").replace(" ", "=", 1).partition("=")
        if (cni, name) == ("aws", "enable-network-policy") and value == "false":
            found["enforced"] = ("no", sign)
        elif (cni, name, value) == ("aws", "NETWORK_POLICY_ENFORCING_MODE", "strict"):
            found["unselected_pods"] = ("denied", sign)
        elif cni == "ovn" and name in ("host-network-namespace", "OVN_HOST_NETWORK_NAMESPACE"):
            found["host_network_namespace"] = (value, sign)
    if cni == "ovn" and (names := [name for name in HOST_NETWORK if name in cluster.namespaces]):
        found.setdefault("host_network_namespace", (names[0], f"Namespace {names[0]}"))
    return found


def release(cluster: Cluster, cni: str) -> str:
    """The release that the plugin's DaemonSet runs, by the tag of its image; empty where nothing tells."""
    for sign in cluster.signs:
        place, _, detail = sign.partition(": ")
        name, _, image = detail.partition(" runs ")
        if CONTAINERS.get(name) == cni == AGENTS.get(place.rpartition("/")[2]):
            found = _TAG.search(image.partition("@")[0])
            return found[1] if found else ""
    return ""


def _best(cluster: Cluster, told: dict[str, str]) -> Found:
    """The first in the order of the table, of those that enforce if any does."""
    order = [name for name in PROFILES if name in told]
    enforcing = [name for name in order if name not in ONLY_ADDRESSES] or order
    chosen = enforcing[0]
    others = tuple((name, told[name]) for name in order if name != chosen)
    if chosen == "flannel" and (why := _not_alone(cluster)):
        return Found("kubernetes", why, ((chosen, told[chosen]), *others))
    return Found(chosen, told[chosen], others)


def _not_alone(cluster: Cluster) -> str:
    """Why it is not sure that nothing enforces policies beside Flannel; empty: it is."""
    agents = {sign.partition(": ")[0] for sign in cluster.signs if sign.startswith("DaemonSet ")}
    for sign in (*agents, *(f"DaemonSet {name}" for name in _daemon_sets(cluster))):
        if sign.rpartition("/")[2] in OTHERS:
            return f"{sign} enforces policies beside Flannel"
    containers = [sign for sign in cluster.signs if ": container " in sign]
    for sign in containers:
        if sign.rpartition(" ")[2] in OTHERS:
            return f"{sign} enforces policies beside Flannel"
    flannel = [one for one in agents if AGENTS.get(one.rpartition("/")[2]) == "flannel"]
    if not flannel:
        return "Flannel runs, but its DaemonSet is not given, which may have a policy controller in it"
    return ""


def _daemon_sets(cluster: Cluster) -> Iterator[str]:
    """Of pods and templates, by ``namespace/name``."""
    yield from dict.fromkeys(
        f"{pod.workload.namespace}/{pod.workload.name}"
        for pod in cluster.pods
        if pod.workload.kind == "DaemonSet"
    )


def _agents(cluster: Cluster) -> Iterator[tuple[str, str]]:
    told = [sign.partition(": ")[0] for sign in cluster.signs if sign.startswith("DaemonSet ")]
    for sign in (*told, *(f"DaemonSet {name}" for name in _daemon_sets(cluster))):
        if cni := AGENTS.get(sign.rpartition("/")[2], ""):
            yield cni, sign


def _config_maps(cluster: Cluster) -> Iterator[tuple[str, str]]:
    for sign in cluster.signs:
        if sign.startswith("ConfigMap ") and (cni := CONFIG_MAPS.get(sign.rpartition("/")[2], "")):
            yield cni, sign


def _kinds(cluster: Cluster) -> Iterator[tuple[str, str]]:
    """Objects of a plugin's own kinds, then its CRDs alone."""
    for is_crd in (False, True):
        for sign in cluster.signs:
            crd = sign.startswith("CustomResourceDefinition ")
            group = sign.partition(".")[2] if crd else sign.partition(" (")[2].removesuffix(")")
            if crd is is_crd and (cni := _of_group(group)):
                yield cni, sign
        if not is_crd:
            yield from ((RANGES[one.kind], one.told_by) for one in cluster.ranges if one.kind in RANGES)


def _of_group(group: str) -> str:
    return next((cni for known, cni in GROUPS.items() if f".{group}".endswith(f".{known}")), "")
