"""Switches about blocks of addresses: whom they take, and whether both addresses of a pod."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flowcheck.engines.switches.own import is_network_policy, is_own, with_peers
from flowcheck.model.cluster import Cluster
from flowcheck.model.policy import AddressBlock, Peer, Policy


def switched(cluster: Cluster, values: Mapping[str, str]) -> Cluster:
    """Whether an ``ipBlock`` matches pods is for whoever judges: it may be unknown."""
    pods = values["networks_match"] in ("inside", "pods")
    inside = values["networks_match"] in ("inside", "nodes")
    nodes = values["ipblock_matches_nodes"] == "yes"
    whole = values["block_takes"] == "pod"
    if pods and inside and nodes and not whole:
        return cluster

    def ip_block(peer: Peer) -> Peer:
        return replace(peer, may_match_nodes=nodes, whole=whole) if isinstance(peer, AddressBlock) else peer

    def networks(peer: Peer) -> Peer:
        if not isinstance(peer, AddressBlock):
            return peer
        return replace(peer, may_match_pods=pods, may_match_nodes=inside, whole=whole)

    def changed(policy: Policy) -> Policy:
        if not is_own(policy):
            return policy
        return with_peers(policy, ip_block if is_network_policy(policy) else networks)

    return replace(cluster, policies=tuple(map(changed, cluster.policies)))
