"""networking.k8s.io/v1 NetworkPolicy. It names no protocol but TCP, UDP, SCTP, and nodes by address alone."""

from __future__ import annotations

from collections.abc import Hashable

from flowcheck.model.cluster import NAMESPACE_NAME_LABEL
from flowcheck.model.policy import Direction
from flowcheck.model.protocols import PROTOCOL_NAMES
from flowcheck.suggesting.languages.language import Entry, label_selector, node_block, title
from flowcheck.suggesting.needs import Block, Peer, Pods, Policy, Ports, Rule

PEERS = {Direction.INGRESS: "from", Direction.EGRESS: "to"}


class Kubernetes:
    """``blocks_take_nodes``: whether the engine takes an ipBlock for a node that has an address in it."""

    kind = "NetworkPolicy"
    title = "NetworkPolicy"
    engines: tuple[str, ...] = ()
    one_protocol = False

    def __init__(self, *, blocks_take_nodes: bool = True) -> None:
        self._blocks_take_nodes = blocks_take_nodes

    def names(self, protocol: int) -> bool:
        return False

    def sees(self, key: str) -> bool:
        return True

    def node(self, address: str, *, own: bool) -> Peer | None:
        return node_block(address) if self._blocks_take_nodes else None

    def beside(self, peer: Peer) -> Hashable:
        return None

    def document(self, policy: Policy) -> Entry:
        selector = policy.unit.as_peer
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": policy.name, "namespace": policy.unit.namespace},
            "spec": {
                "podSelector": label_selector(selector),
                "policyTypes": [title(direction) for direction in policy.directions],
                **{str(direction): [] for direction in policy.directions},
            },
        }

    def rule(self, rule: Rule, namespace: str) -> Entry:
        peers = [_peer(peer, namespace) for peer in rule.peers]
        return {PEERS[rule.direction]: peers, "ports": [_ports(ports) for ports in rule.ports]}


def _peer(peer: Peer, namespace: str) -> Entry:
    match peer:
        case Pods(unit):
            pods = {"podSelector": label_selector(unit.as_peer)}
            if unit.namespace == namespace:
                return pods
            return {
                "namespaceSelector": {"matchLabels": {NAMESPACE_NAME_LABEL: unit.namespace}},
                **pods,
            }
        case Block(network):
            return {"ipBlock": {"cidr": str(network)}}
    raise ValueError(f"a NetworkPolicy has no word for {peer}")


def _ports(ports: Ports) -> Entry:
    entry: Entry = {"protocol": PROTOCOL_NAMES[ports.protocol], "port": ports.first}
    return entry if ports.first == ports.last else {**entry, "endPort": ports.last}
