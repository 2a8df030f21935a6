"""A rule of a NetworkPolicy."""

from __future__ import annotations

from collections.abc import Callable

from flowcheck.explaining.changing.language import Entry, Side, host_cidr, peer_labels
from flowcheck.explaining.selection import Selection
from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Cluster
from flowcheck.model.policy import Direction
from flowcheck.model.protocols import WITH_PORTS, protocol_name

FIELDS = {Direction.INGRESS: "from", Direction.EGRESS: "to"}


class Kubernetes:
    kind = "NetworkPolicy"
    extends = frozenset({"NetworkPolicy"})
    frees = False

    def has(self, cluster: Cluster, key: str) -> bool:
        return True

    def peer(self, side: Side) -> Entry | None:
        peer = side.peer
        if peer.pod is None:
            if peer.address is None:
                return None
            if peer.node is not None:
                side.note(f"{peer.name} is named by its address: everything on its host network is let in")
            return {"ipBlock": {"cidr": host_cidr(peer.address)}}
        labels = peer_labels(self, side, peer.pod)
        entry: Entry = {"podSelector": {"matchLabels": labels} if labels else {}}
        if side.namespace != peer.pod.namespace:
            namespace = {"matchLabels": {NAMESPACE_NAME_LABEL: peer.pod.namespace}}
            entry = {"namespaceSelector": namespace, **entry}
        return entry

    def rule(
        self, direction: Direction, peer: Entry, protocol: int, ports: list[int], note: Callable[[str], None]
    ) -> Entry:
        rule: Entry = {FIELDS[direction]: [peer]}
        if protocol in WITH_PORTS:
            rule["ports"] = [{"protocol": protocol_name(protocol), "port": port} for port in ports]
        else:
            note(
                f"a NetworkPolicy cannot name {protocol_name(protocol)}: the rule has no ports, and so "
                "admits every protocol and port"
            )
        return rule

    def document(self, name: str, selection: Selection, direction: Direction, rules: list[Entry]) -> Entry:
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": selection.namespace},
            "spec": {
                "podSelector": {"matchLabels": selection.labels} if selection.labels else {},
                "policyTypes": [str(direction).title()],
                str(direction): rules,
            },
        }
