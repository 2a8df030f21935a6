"""A rule of a CiliumNetworkPolicy.

A new policy isolates nobody who was not isolated before: enableDefaultDeny says so where some of those whom
it selects are not. Nodes and Cilium's blocks are apart, so a node is named by its entity.
"""

from __future__ import annotations

from collections.abc import Callable

from flowcheck.engines.cilium.identities import Identities
from flowcheck.explaining.changing.language import Entry, Side, host_cidr, peer_labels
from flowcheck.explaining.selection import Selection
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import CiliumSettings
from flowcheck.model.policy import Direction
from flowcheck.model.protocols import WITH_PORTS, protocol_name

NAMESPACE = "k8s:io.kubernetes.pod.namespace"
SIDES = {Direction.INGRESS: "from", Direction.EGRESS: "to"}


class Cilium:
    kind = "CiliumNetworkPolicy"
    extends = frozenset({"CiliumNetworkPolicy"})
    frees = True

    def has(self, cluster: Cluster, key: str) -> bool:
        settings = cluster.cilium or CiliumSettings()
        return Identities(settings.labels, settings.node_labels, settings.cluster_name).has(key)

    def peer(self, side: Side) -> Entry | None:
        way, peer = SIDES[side.direction], side.peer
        if peer.pod is not None:
            labels = peer_labels(self, side, peer.pod)
            if side.namespace != peer.pod.namespace:
                labels = {**labels, NAMESPACE: peer.pod.namespace}
            return {f"{way}Endpoints": [{"matchLabels": labels} if labels else {}]}
        if peer.node is not None:
            entity = "host" if side.own_node else "remote-node"
            if not side.own_node:
                side.note("entity remote-node is every node but the pod's own")
            return {f"{way}Entities": [entity]}
        return {f"{way}CIDR": [host_cidr(peer.address)]} if peer.address is not None else None

    def rule(
        self, direction: Direction, peer: Entry, protocol: int, ports: list[int], note: Callable[[str], None]
    ) -> Entry:
        if protocol in WITH_PORTS:
            name = protocol_name(protocol)
            entries = [{"port": str(port), "protocol": name} for port in ports]
            return {**peer, "toPorts": [{"ports": entries}]}
        note(
            f"the rule has no ports, and so admits every protocol and port: {protocol_name(protocol)} can be "
            "named by type only (icmps)"
        )
        return peer

    def document(self, name: str, selection: Selection, direction: Direction, rules: list[Entry]) -> Entry:
        free = {"enableDefaultDeny": {str(direction): False}} if selection.frees else {}
        selector = {"matchLabels": selection.labels} if selection.labels else {}
        return {
            "apiVersion": "cilium.io/v2",
            "kind": self.kind,
            "metadata": {"name": name, "namespace": selection.namespace},
            "spec": {"endpointSelector": selector, **free, str(direction): rules},
        }
