"""projectcalico.org/v3 NetworkPolicy, in the default tier. A rule is about one protocol; any can be named."""

from __future__ import annotations

from collections.abc import Hashable

from flowcheck.model.labels import Operator, Requirement, Selector
from flowcheck.model.policy import Direction
from flowcheck.model.protocols import PROTOCOL_NAMES, WITH_PORTS
from flowcheck.suggesting.languages.language import Entry, node_block, title
from flowcheck.suggesting.needs import Block, Peer, Pods, Policy, Rule


class Calico:
    kind = "CalicoNetworkPolicy"
    title = "Calico NetworkPolicy"
    engines: tuple[str, ...] = ("calico",)
    one_protocol = True

    def names(self, protocol: int) -> bool:
        return True

    def sees(self, key: str) -> bool:
        return True

    def node(self, address: str, *, own: bool) -> Peer:
        return node_block(address)

    def beside(self, peer: Peer) -> Hashable:
        return peer.network.version if isinstance(peer, Block) else peer

    def document(self, policy: Policy) -> Entry:
        return {
            "apiVersion": "projectcalico.org/v3",
            "kind": "NetworkPolicy",
            "metadata": {"name": policy.name, "namespace": policy.unit.namespace},
            "spec": {
                "selector": expression(policy.unit.as_peer),
                "types": [title(direction) for direction in policy.directions],
                **{str(direction): [] for direction in policy.directions},
            },
        }

    def rule(self, rule: Rule, namespace: str) -> Entry:
        protocol = rule.ports[0].protocol
        entry: Entry = {"action": "Allow", "protocol": PROTOCOL_NAMES.get(protocol, protocol)}
        peer = _peer(rule, namespace)
        if protocol not in WITH_PORTS:
            return {**entry, "destination" if rule.direction is Direction.EGRESS else "source": peer}
        spans = [one.first if one.first == one.last else f"{one.first}:{one.last}" for one in rule.ports]
        if rule.direction is Direction.EGRESS:
            return {**entry, "destination": {**peer, "ports": spans}}
        return {**entry, "source": peer, "destination": {"ports": spans}}


def _peer(rule: Rule, namespace: str) -> Entry:
    first = rule.peers[0]
    if not isinstance(first, Pods):
        return {"nets": [str(peer) for peer in rule.peers]}
    selector = {"selector": expression(first.unit.as_peer)}
    if first.unit.namespace == namespace:
        return selector
    return {"namespaceSelector": f"projectcalico.org/name == '{first.unit.namespace}'", **selector}


def expression(selector: Selector) -> str:
    """A selector in Calico's words. Labels hold no quotes: the API server takes none."""
    return " && ".join(map(_clause, selector.requirements)) or "all()"


def _clause(one: Requirement) -> str:
    values = ", ".join(f"'{value}'" for value in sorted(one.values))
    match one.operator:
        case Operator.IN if len(one.values) == 1:
            return f"{one.key} == {values}"
        case Operator.IN:
            return f"{one.key} in {{{values}}}"
        case Operator.NOT_IN:
            return f"{one.key} not in {{{values}}}"
        case Operator.EXISTS:
            return f"has({one.key})"
        case _:
            return f"!has({one.key})"
