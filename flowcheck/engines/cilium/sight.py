"""Whom selectors and blocks stand for, as an agent of Cilium's sees them.

Blocks are of outside addresses, unless the settings say that they match pods or nodes; selectors see the
labels of identities alone; a node that they stand for is never the pod's own.

Source: cilium v1.20 pkg/policy/api, pkg/ipcache, pkg/identity; checked by running.
"""

from __future__ import annotations

from dataclasses import replace

from flowcheck.engines.cilium.identities import Identities
from flowcheck.model.engines import CiliumSettings
from flowcheck.model.peers import (
    AllOf,
    AnyOf,
    Expression,
    Family,
    InSets,
    IsA,
    Kind,
    NodeQuery,
    Not,
    Peer,
    Subject,
    Where,
    leaves,
)
from flowcheck.model.policy import AddressBlock, PodQuery

_WORLD = ("0.0.0.0/0", "::/0")


class Sight:
    """Subjects and peers by one agent's settings."""

    def __init__(self, settings: CiliumSettings) -> None:
        self._settings = settings
        self._identities = Identities(settings.labels, settings.node_labels, settings.cluster_name)

    def subject(self, subject: Subject) -> Subject:
        if isinstance(subject, PodQuery):
            return self._identities.query(subject)
        return Where(self._identities.expression(subject.what))

    def peer(self, peer: Peer) -> Peer:
        match peer:
            case AllOf(parts):
                return AllOf(tuple(self.peer(part) for part in parts))
            case AnyOf(parts):
                return AnyOf(tuple(self.peer(part) for part in parts))
            case Not(part):
                return Not(self.peer(part))
            case PodQuery():
                return self._identities.query(peer)
            case Where(what):
                return Where(self._identities.expression(self._families(what)))
            case NodeQuery(nodes):
                others: tuple[Expression, ...] = (IsA(Kind.NODE), Not(IsA(Kind.OWN_NODE)))
                return Where(AllOf((*others, self._identities.nodes(nodes))))
            case AddressBlock() | InSets():
                cidr = peer.cidr if isinstance(peer, AddressBlock) else ""
                of_pods, of_nodes = self._matched(cidr)
                return replace(peer, may_match_pods=of_pods, may_match_nodes=of_nodes, whole=True)
            case _:
                return peer

    def _matched(self, cidr: str) -> tuple[bool, bool]:
        """Whether a block takes pods and nodes. A block of everything is the world, not a block: only with
        ``pods`` it is more than that."""
        pods, nodes = (word in self._settings.cidr_match_mode for word in ("pods", "nodes"))
        return (pods, pods and nodes) if cidr in _WORLD else (pods, nodes)

    def _families(self, what: Expression) -> Expression:
        """The world of one family is nothing of its own where there is only one."""
        if self._settings.dual_stack or not any(isinstance(leaf, Family) for leaf in leaves(what)):
            return what
        match what:
            case AllOf(parts):
                return AllOf(tuple(self._families(part) for part in parts))
            case AnyOf(parts):
                return AnyOf(tuple(self._families(part) for part in parts))
            case Not(part):
                return Not(self._families(part))
            case _:
                return AnyOf(())
