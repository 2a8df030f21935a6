"""Selectors and peers that take nobody of the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flowcheck.compile.rules.decisions import NumberedRule
from flowcheck.compile.rules.peers import PeerIndex, Side, subjects_of
from flowcheck.model.peers import AllOf, Backends, NodeQuery, Peer, PodQuery, ServicePods, Where, simple_peers
from flowcheck.model.policy import Direction, Policy


@dataclass(frozen=True, slots=True)
class Nobody:
    """``subject``: the policy, or the rule, selects no pod. ``peers``: of its entries that ask for pods,
    nodes or Services those that take none, by their place; ``of`` how many entries it has."""

    subject: bool = False
    peers: tuple[int, ...] = ()
    of: int = 0


def nobody(parts: Sequence[NumberedRule], index: PeerIndex) -> Nobody:
    """Of the parts of one rule; entries are those of the first."""
    rule = parts[0]
    peers = rule.rule.peers or ()
    side: Side = "out" if rule.direction is Direction.EGRESS else "in"
    empty = tuple(
        place for place, peer in enumerate(peers) if _asks_for_things(peer) and not _takes(peer, side, index)
    )
    return Nobody(not any(selects(one.policy, one, index) for one in parts), empty, len(peers))


def selects(policy: Policy, rule: NumberedRule | None, index: PeerIndex) -> bool:
    """Whether a policy, and one of its rules, are for anybody, or may be."""
    if not any(words.any() for words, _ in subjects_of(policy, policy.subject, index)):
        return False
    narrowed = None if rule is None else rule.rule.subject
    return narrowed is None or _takes(AllOf((policy.subject, narrowed)), "subject", index)


def _takes(peer: Peer, side: Side, index: PeerIndex) -> bool:
    found = index.find(peer, side)
    return bool(found.surely.any()) or any(bool(words.any()) for _, words in found.perhaps)


def _asks_for_things(peer: Peer) -> bool:
    """Not only for addresses, of which it is no wonder that nobody in the cluster has them."""
    return any(_is_thing(one) for one in simple_peers(peer))


def _is_thing(peer: Peer) -> bool:
    return isinstance(peer, PodQuery | NodeQuery | Backends | ServicePods | Where)


def idle(policies: Iterator[Policy], index: PeerIndex) -> list[Policy]:
    """Policies that are for nobody."""
    return [policy for policy in policies if not selects(policy, None, index)]
