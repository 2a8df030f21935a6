"""cilium.io/v2 CiliumNetworkPolicy. Nodes are entities; ICMP is named by its types, which few logs tell.

Labels are those of an identity: without a source in front a key would mean one of any source.
"""

from __future__ import annotations

from collections.abc import Hashable

from flowcheck.engines.cilium.identities import Identities
from flowcheck.explaining.changing.cilium import NAMESPACE, SIDES
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import CiliumSettings
from flowcheck.model.protocols import PROTOCOL_NAMES
from flowcheck.suggesting.languages.language import Entry, label_selector
from flowcheck.suggesting.needs import Block, Entity, Peer, Pods, Policy, Ports, Rule

SOURCE = "k8s:"
MOST_PORTS = 40
"""In one entry of toPorts. Source: cilium v1.20 pkg/policy/api PortRule, MaxItems."""


class Cilium:
    kind = "CiliumNetworkPolicy"
    title = "CiliumNetworkPolicy"
    engines: tuple[str, ...] = ("cilium",)
    one_protocol = False

    def __init__(self, cluster: Cluster) -> None:
        settings = cluster.cilium or CiliumSettings()
        self._identities = Identities(settings.labels, settings.node_labels, settings.cluster_name)

    def names(self, protocol: int) -> bool:
        return False

    def sees(self, key: str) -> bool:
        return self._identities.has(key)

    def node(self, address: str, *, own: bool) -> Peer:
        return Entity("host" if own else "remote-node")

    def beside(self, peer: Peer) -> Hashable:
        return type(peer).__name__

    def document(self, policy: Policy) -> Entry:
        return {
            "apiVersion": "cilium.io/v2",
            "kind": "CiliumNetworkPolicy",
            "metadata": {"name": policy.name, "namespace": policy.unit.namespace},
            "spec": {
                "endpointSelector": label_selector(policy.unit.as_peer, SOURCE),
                **{str(direction): [{}] for direction in policy.directions},
            },
        }

    def rule(self, rule: Rule, namespace: str) -> Entry:
        way = SIDES[rule.direction]
        words: Entry = {}
        for peer in rule.peers:
            match peer:
                case Pods(unit):
                    selector = label_selector(unit.as_peer, SOURCE)
                    if unit.namespace != namespace:
                        labels = {**selector.get("matchLabels", {}), NAMESPACE: unit.namespace}
                        selector = {**selector, "matchLabels": labels}
                    words.setdefault(f"{way}Endpoints", []).append(selector)
                case Entity(name):
                    words.setdefault(f"{way}Entities", []).append(name)
                case Block(network):
                    words.setdefault(f"{way}CIDR", []).append(str(network))
        ports = [_port(one) for one in rule.ports]
        starts = range(0, len(ports), MOST_PORTS)
        return {**words, "toPorts": [{"ports": ports[at : at + MOST_PORTS]} for at in starts]}


def _port(ports: Ports) -> Entry:
    entry: Entry = {"port": str(ports.first), "protocol": PROTOCOL_NAMES[ports.protocol]}
    return entry if ports.first == ports.last else {**entry, "endPort": ports.last}
