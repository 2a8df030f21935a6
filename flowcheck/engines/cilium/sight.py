"""Whom selectors and blocks stand for, as an agent of Cilium's sees them.

Blocks are of outside addresses, unless the settings say that they match pods or nodes; selectors see the
labels of identities alone; a node that they stand for is never the pod's own.

Source: cilium v1.20 pkg/policy/api, pkg/ipcache, pkg/identity; checked by running.
"""

from __future__ import annotations

from dataclasses import replace

from flowcheck.engines.cilium.identities import Identities
from flowcheck.model.cluster import Cluster
from flowcheck.model.engines import CiliumSettings
from flowcheck.model.peers import (
    AllOf,
    AnyOf,
    Backends,
    Expression,
    Family,
    InSets,
    IsA,
    Kind,
    NodeQuery,
    Not,
    Peer,
    ServicePods,
    Subject,
    Where,
    leaves,
)
from flowcheck.model.policy import AddressBlock, PodQuery

_ONE_IDENTITY = Where(AnyOf((IsA(Kind.POD), IsA(Kind.OWN_NODE))))
_WORLD = ("0.0.0.0/0", "::/0")


class Sight:
    """Subjects and peers of a cluster by one agent's settings."""

    def __init__(self, settings: CiliumSettings, cluster: Cluster) -> None:
        self._cluster, self._modes, self._dual_stack = cluster, settings.cidr_match_mode, settings.dual_stack
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
                return self._block(peer, *self._matched(cidr))
            case ServicePods():
                return self._services(peer)
            case _:
                return peer

    def _block(self, peer: AddressBlock | InSets, of_pods: bool, of_nodes: bool) -> Peer:
        """A pod is one identity with all its addresses, and so is a pod's own node; any other node is one for
        each address."""
        whole = replace(peer, may_match_pods=of_pods, may_match_nodes=of_nodes, whole=True)
        if not of_nodes:
            return whole
        return AnyOf((AllOf((_ONE_IDENTITY, whole)), replace(whole, whole=False)))

    def _services(self, peer: ServicePods) -> Peer:
        """A Service that selects by what is no identity's label selects nobody. Where blocks match pods or
        nodes, so do the addresses of a Service without a selector."""
        meant = {
            (one.namespace, one.name): one
            for one in self._cluster.services
            if peer.namespace in (None, one.namespace)
            and peer.name in (None, one.name)
            and peer.labels.matches(one.labels)
        }
        seen = [name for name, one in meant.items() if all(map(self._identities.has, one.selector or ()))]
        inside = tuple(IsA(kind) for kind in (Kind.POD, Kind.NODE) if f"{kind}s" in self._modes)
        by_hand = [name for name, one in meant.items() if one.selector is None and inside]
        if len(seen) == len(meant) and not by_hand:
            return peer
        by_address: list[Peer] = [AllOf((Where(AnyOf(inside)), Backends(*name))) for name in by_hand]
        return AnyOf((*(ServicePods(*name, peer.labels) for name in seen), *by_address))

    def _matched(self, cidr: str) -> tuple[bool, bool]:
        """Whether a block takes pods and nodes. A block of everything is the world, not a block: only with
        ``pods`` it is more than that."""
        pods, nodes = (word in self._modes for word in ("pods", "nodes"))
        return (pods, pods and nodes) if cidr in _WORLD else (pods, nodes)

    def _families(self, what: Expression) -> Expression:
        """The world of one family is nothing of its own where there is only one."""
        if self._dual_stack or not any(isinstance(leaf, Family) for leaf in leaves(what)):
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
