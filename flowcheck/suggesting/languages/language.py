"""What every language says of a policy to write."""

from __future__ import annotations

from collections.abc import Hashable
from ipaddress import ip_network
from typing import Any, Protocol

from flowcheck.model.labels import Operator, Selector
from flowcheck.model.policy import Direction
from flowcheck.suggesting.needs import Block, Peer, Policy, Rule

Entry = dict[str, Any]


class Language(Protocol):
    """One language. ``kind`` is how flowcheck calls its policies, ``title`` how people do; ``engines`` who
    enforces them (``--cni``); empty: any. ``one_protocol``: a rule is about a single protocol."""

    kind: str
    title: str
    engines: tuple[str, ...]
    one_protocol: bool

    def names(self, protocol: int) -> bool:
        """Whether a rule can be about a protocol that has no ports."""

    def sees(self, key: str) -> bool:
        """Whether its selectors see a label."""

    def node(self, address: str, *, own: bool) -> Peer | None:
        """A node, ``own``: that of the subject, by one of its addresses. None: no rule can name it."""

    def beside(self, peer: Peer) -> Hashable:
        """Peers of which this is equal may stand in one rule."""

    def document(self, policy: Policy) -> Entry:
        """The policy without its rules: what comes before them in ``spec`` is there, and each direction's
        entry that lets nobody in."""

    def rule(self, rule: Rule, namespace: str) -> Entry:
        """One rule of a policy in a namespace."""


def node_block(address: str) -> Block:
    """A node, of which a language only knows the address."""
    return Block(ip_network(address), of_nodes=True)


def label_selector(selector: Selector, source: str = "") -> Entry:
    """A LabelSelector; ``source`` stands in front of each key."""
    labels, expressions = {}, []
    for one in selector.requirements:
        values = sorted(one.values)
        if one.operator is Operator.IN and len(values) == 1 and source + one.key not in labels:
            labels[source + one.key] = values[0]
        else:
            expression: Entry = {"key": source + one.key, "operator": str(one.operator)}
            expressions.append({**expression, "values": values} if values else expression)
    found: Entry = {"matchLabels": labels} if labels else {}
    return {**found, "matchExpressions": expressions} if expressions else found


def title(direction: Direction) -> str:
    return str(direction).title()
