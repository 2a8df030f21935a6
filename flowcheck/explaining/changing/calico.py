"""A rule of a NetworkPolicy of Calico's, in the tier whose default denied, before what stands there."""

from __future__ import annotations

import math
from collections.abc import Callable

from flowcheck.explaining.changing.language import Entry, Side, host_cidr, peer_labels
from flowcheck.explaining.selection import Selection
from flowcheck.model.cluster import Cluster
from flowcheck.model.policy import Direction, Policy
from flowcheck.model.protocols import ICMP, ICMPV6, WITH_PORTS, protocol_name


class Calico:
    """For one tier, of which these policies isolate the subject."""

    kind = "CalicoNetworkPolicy"
    extends = frozenset({"CalicoNetworkPolicy", "GlobalNetworkPolicy"})
    frees = False

    def __init__(self, tier: str, isolating: tuple[Policy, ...]) -> None:
        self.tier = tier
        self._first = min((one.priority for one in isolating), default=math.inf)

    def has(self, cluster: Cluster, key: str) -> bool:
        return True

    def peer(self, side: Side) -> Entry | None:
        peer = side.peer
        if peer.pod is None:
            if peer.address is None:
                return None
            if peer.node is not None:
                side.note(f"{peer.name} is named by its address: everything on its host network is let in")
            return {"nets": [host_cidr(peer.address)]}
        return {
            "selector": selector_of(peer_labels(self, side, peer.pod)),
            "namespaceSelector": f"projectcalico.org/name == '{peer.pod.namespace}'",
        }

    def rule(
        self, direction: Direction, peer: Entry, protocol: int, ports: list[int], note: Callable[[str], None]
    ) -> Entry:
        named = protocol in WITH_PORTS or protocol in (ICMP, ICMPV6)
        rule: Entry = {"action": "Allow", "protocol": protocol_name(protocol) if named else protocol}
        to: Entry = {"ports": ports} if protocol in WITH_PORTS else {}
        if direction is Direction.EGRESS:
            return {**rule, "destination": {**peer, **to}}
        return {**rule, "source": peer, **({"destination": to} if to else {})}

    def document(self, name: str, selection: Selection, direction: Direction, rules: list[Entry]) -> Entry:
        order = {} if math.isinf(self._first) else {"order": math.floor(self._first) - 1}
        return {
            "apiVersion": "projectcalico.org/v3",
            "kind": "NetworkPolicy",
            "metadata": {"name": f"{self.tier}.{name}", "namespace": selection.namespace},
            "spec": {
                "tier": self.tier,
                **order,
                "selector": selector_of(selection.labels),
                "types": [str(direction).title()],
                str(direction): rules,
            },
        }


def selector_of(labels: dict[str, str]) -> str:
    return " && ".join(f"{key} == '{value}'" for key, value in labels.items()) or "all()"
