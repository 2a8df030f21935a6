"""Pods whose addresses are not seen beyond their nodes, as a pool of theirs says (Calico's natOutgoing).

Source: projectcalico.org/v3 IPPool natOutgoing: what pods of the pool send out of all pools is masqueraded.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from flowcheck.model.cluster import Cluster
from flowcheck.model.ranges import SEEN, PodRanges


def pools_not_seen_outside(cluster: Cluster) -> Iterator[str]:
    """A sentence for each such pool: logs from beyond the nodes name others than the pods."""
    for pool in cluster.ranges:
        if pool.translated:
            yield (
                f"{pool.source} {pool.told_by}: natOutgoing: beyond its node, what a pod sends out of all "
                "pools comes from the node: judge such flows by a log from the pod's own node"
            )


def seen_as_its_node(cluster: Cluster, source: Iterable[str], destination: Iterable[str]) -> Iterator[str]:
    """The same of what goes from one address to another, where it is so."""
    pools = [pool for pool in cluster.ranges if pool.kind != SEEN]
    inside = [address for address in destination if any(_holds(pool, address) for pool in pools)]
    if inside:
        return
    for pool in pools:
        if pool.translated and any(_holds(pool, address) for address in source):
            yield (
                f"beyond its node this comes from the node's address, as {pool.told_by} ({pool.source}) has "
                "natOutgoing: what is out there does not see the pod's"
            )


def _holds(pool: PodRanges, address: str) -> bool:
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(cidr) for cidr in pool.cidrs)
