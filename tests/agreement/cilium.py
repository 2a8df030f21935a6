"""Random policies of Cilium's and Kubernetes' in a small cluster, as documents, seen by random settings."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from flowcheck.engines.cilium import enforced, options
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import CiliumSettings
from flowcheck.model.options import Options
from flowcheck.reading import load_cluster
from tests.agreement.agree import World
from tests.agreement.dice import Dice, rolls
from tests.engines.cilium_world import PLACES, SERVER, WORLD, flow

OBJECTS = [*yaml.safe_load_all(WORLD + SERVER)]
GROUP = {
    "apiVersion": "cilium.io/v2",
    "kind": "CiliumCIDRGroup",
    "metadata": {"name": "g", "labels": {"k": "v"}},
    "spec": {"externalCIDRs": ["192.0.2.0/25", "10.2.0.0/16"]},
}
_SERVICES = [
    {
        "metadata": {"name": "s", "namespace": "a"},
        "spec": {"selector": {"app": "two"}, "ports": [{"port": 80}]},
    },
    {"metadata": {"name": "t", "namespace": "b", "labels": {"k": "v"}}, "spec": {"ports": [{"port": 80}]}},
]
FLOWS = [
    flow(f"{src} > {dst} {ports}")
    for src in (*PLACES, "192.0.2.1")
    for dst in (*PLACES, "192.0.2.1", "192.0.2.200")
    for ports in ("TCP 80", "TCP 81", "UDP 90", "ICMP 8")
    if src != dst and (src.partition("/")[1] or dst.partition("/")[1])
]
_KEYS = (
    *("app", "k8s:app", "pod-template-hash", "container:app", "reserved:host", "reserved:world"),
    *("io.kubernetes.pod.namespace", "io.cilium.k8s.namespace.labels.team", "reserved:kube-apiserver"),
    *("io.cilium.k8s.policy.serviceaccount", "io.cilium.k8s.policy.cluster", "reserved:remote-node"),
)
_VALUES = ("one", "two", "a", "b", "red", "blue", "", "h")
_ENTITIES = ("all", "world", "cluster", "host", "remote-node", "kube-apiserver", "none", "health")
_CIDRS = ("0.0.0.0/0", "10.0.0.0/8", "10.2.1.0/24", "192.0.2.0/24", "10.1.0.2/32")
_PORTS = ({"port": "80"}, {"port": "80", "protocol": "TCP"}, {"port": "web"}, {"port": "0"})


def selector(dice: Dice) -> dict[str, Any]:
    if dice.chance(40):
        return {"matchLabels": {"app": dice.one_of(("one", "two"))}}
    found = []
    for _ in range(dice.below(3)):
        operator = dice.one_of(("In", "NotIn", "Exists", "DoesNotExist"))
        values = {"values": [dice.one_of(_VALUES)]} if operator in ("In", "NotIn") else {}
        found.append({"key": dice.one_of(_KEYS), "operator": operator, **values})
    return {"matchExpressions": found}


def entry(dice: Dice, direction: str, *, denies: bool) -> dict[str, Any]:
    """One entry of a list of rules: peers of one kind, and perhaps ports."""
    side, found = ("from" if direction == "ingress" else "to"), {}
    match dice.below(8):
        case 1 | 2:
            found[f"{side}Endpoints"] = [selector(dice) for _ in range(dice.below(3))]
        case 3:
            found[f"{side}Entities"] = [dice.one_of(_ENTITIES)]
        case 4:
            found[f"{side}CIDR"] = [dice.one_of(_CIDRS)]
        case 5:
            whole: dict[str, Any] = {"cidr": "10.0.0.0/8", "except": ["10.2.2.0/24"]}
            groups = ({"cidrGroupRef": "g"}, {"cidrGroupSelector": {"matchLabels": {"k": "v"}}})
            found[f"{side}CIDRSet"] = [dice.one_of((whole, *groups))]
        case 6:
            found[f"{side}Nodes"] = [{"matchLabels": {"disk": dice.one_of(("ssd", "hdd"))}}]
        case 7 if direction == "egress":
            by_name = {"k8sService": {"serviceName": dice.one_of(("s", "t", "u"))}}
            by_label = {"k8sServiceSelector": {"selector": {"matchLabels": {"k": "v"}}}}
            found["toServices"] = [dice.one_of((by_name, by_label))]
    if dice.chance(15):
        return {**found, "icmps": [{"fields": [{"type": dice.one_of((8, 3, 0))}]}]}
    if dice.chance(50):
        http = {"ports": [{"port": "80", "protocol": "TCP"}], "rules": {"http": [{"path": "/"}]}}
        plain: dict[str, Any] = {"ports": [dice.one_of(_PORTS)]}
        found["toPorts"] = [http if dice.chance(20) and not denies else plain]
    if not denies and dice.chance(10):
        found["authentication"] = {"mode": "required"}
    return found


def spec(dice: Dice, *, clusterwide: bool) -> dict[str, Any]:
    nodes = clusterwide and dice.chance(30)
    chosen = {"matchLabels": {"disk": "ssd"}} if nodes else selector(dice)
    found: dict[str, Any] = {"nodeSelector" if nodes else "endpointSelector": chosen}
    for name in ("ingress", "egress"):
        for field, denies in ((name, False), (f"{name}Deny", True)):
            if dice.chance(25 if denies else 60):
                found[field] = [entry(dice, name, denies=denies) for _ in range(1 + dice.below(2))]
    if dice.chance(25):
        found["enableDefaultDeny"] = {dice.one_of(("ingress", "egress")): dice.one_of((False, True))}
    if not found.keys() & {"ingress", "ingressDeny", "egress", "egressDeny"}:
        found["ingress"] = []  # which the API server takes, and the agent refuses
    return found


def policy(dice: Dice, place: int) -> dict[str, Any]:
    clusterwide = dice.chance(30)
    where = {} if clusterwide else {"namespace": dice.one_of(("a", "b"))}
    kind = "CiliumClusterwideNetworkPolicy" if clusterwide else "CiliumNetworkPolicy"
    specs = [spec(dice, clusterwide=clusterwide) for _ in range(1 + dice.below(2))]
    body = {"spec": specs[0]} if len(specs) == 1 else {"specs": specs}
    head = {"apiVersion": "cilium.io/v2", "kind": kind, "metadata": {"name": f"c{place}", **where}}
    return {**head, **body}


def cluster_policy(dice: Dice, place: int) -> dict[str, Any]:
    peers: tuple[dict[str, Any], ...] = (
        {"namespaces": {}},
        {"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "two"}}}},
        {"networks": ["10.0.0.0/8"]},
        {"domainNames": ["x.y"]},
    )
    rules = []
    for _ in range(1 + dice.below(3)):
        peer = dice.one_of(peers)
        action = "Accept" if "domainNames" in peer else dice.one_of(("Deny", "Accept", "Pass"))
        rules.append({"action": action, "to": [peer]})
    tier, priority = dice.one_of(("Admin", "Baseline")), dice.below(2)
    return {
        "apiVersion": "policy.networking.k8s.io/v1alpha2",
        "kind": "ClusterNetworkPolicy",
        "metadata": {"name": f"k{place}"},
        "spec": {"tier": tier, "priority": priority, "subject": {"namespaces": {}}, "egress": rules},
    }


def network_policy(dice: Dice, place: int) -> dict[str, Any]:
    peer: dict[str, Any] = dice.one_of(({"podSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/8"}}))
    types = dice.one_of((["Ingress"], ["Egress"], ["Ingress", "Egress"]))
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"n{place}", "namespace": dice.one_of(("a", "b"))},
        "spec": {
            "podSelector": {},
            "policyTypes": types,
            "ingress": [{"from": [peer]}],
            "egress": [{"to": [peer]}],
        },
    }


def settings(dice: Dice) -> CiliumSettings:
    modes: tuple[frozenset[str], ...] = (frozenset(), frozenset({"pods"}), frozenset({"nodes", "pods"}))
    return CiliumSettings(
        cidr_match_mode=dice.one_of(modes),
        enforcement=dice.one_of(("default", "default", "always")),  # type: ignore[arg-type]
        localhost_allowed=not dice.chance(25),
        host_firewall=dice.chance(50),
        node_selector_labels=dice.chance(50),
    )


def own_world(drawn: list[bytes]) -> tuple[World, CiliumSettings, list[dict[str, Any]]]:
    """With policies of Cilium's own only, and these as documents."""
    first, *rest = [Dice(faces) for faces in drawn]
    chosen = settings(first)
    policies = [policy(dice, place) for place, dice in enumerate(rest)]
    return (seen(loaded(policies), chosen), chosen, policies)


def as_written(drawn: list[bytes]) -> tuple[Cluster, CiliumSettings]:
    """The cluster with its policies as they stand in its objects, and the settings they are seen by."""
    first, *rest = [Dice(faces) for faces in drawn]
    makers = (policy, policy, cluster_policy, network_policy)
    return loaded([dice.one_of(makers)(dice, place) for place, dice in enumerate(rest)]), settings(first)


def world(drawn: list[bytes]) -> World:
    return seen(*as_written(drawn))


def loaded(policies: list[dict[str, Any]]) -> Cluster:
    """The cluster with these policies."""
    services = [{"apiVersion": "v1", "kind": "Service", **one} for one in _SERVICES]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "world.json")
        items = [*OBJECTS, GROUP, *services, *policies]
        file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        return load_cluster([file])


def seen(cluster: Cluster, chosen: CiliumSettings) -> World:
    """As an agent with these settings sees it."""
    return enforced(cluster, chosen), options(Options(), chosen), FLOWS


def own_worlds() -> st.SearchStrategy[tuple[World, CiliumSettings, list[dict[str, Any]]]]:
    return rolls(120, 4, least=2).map(own_world)


def cilium_worlds() -> st.SearchStrategy[World]:
    return rolls(90, 5, least=2).map(world)
