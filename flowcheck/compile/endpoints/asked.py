"""What policies ask of endpoints that decides how the axis is laid out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flowcheck.model.cluster import Cluster
from flowcheck.model.options import Options
from flowcheck.model.peers import Backends, InSets, IsA, Kind, ServicePods, Where, leaves
from flowcheck.model.policy import AddressBlock, Policy
from flowcheck.model.ports import ServicePorts


@dataclass(frozen=True, slots=True)
class Asked:
    """``blocks``: every CIDR, and every address, that is told from its surroundings. ``own_nodes``: a node is
    not the same to its own pods as to others. ``whole``: pods count with all of their addresses."""

    blocks: tuple[str, ...] = ()
    own_nodes: bool = False
    whole: bool = False

    @classmethod
    def of(cls, cluster: Cluster, options: Options) -> Asked:
        blocks: dict[str, None] = {}
        own_nodes, whole, sets, services = options.own_node != "allowed", False, False, False
        for policy in cluster.policies:
            for peer in policy.peers():
                match peer:
                    case AddressBlock():
                        blocks |= dict.fromkeys((peer.cidr, *peer.excepts))
                        whole = whole or peer.whole
                    case InSets():
                        sets, whole = True, whole or peer.whole
                    case Where(what):
                        own_nodes = own_nodes or IsA(Kind.OWN_NODE) in leaves(what)
                    case Backends() | ServicePods():
                        services = True
                    case _:
                        pass
            services = services or any(True for _ in _service_ports(policy))
        if sets:
            blocks |= dict.fromkeys(cidr for one in cluster.sets for cidr in one.cidrs)
        if services:
            blocks |= dict.fromkeys(backend.address for one in cluster.slices for backend in one.backends)
        return cls(tuple(blocks), own_nodes, whole)


def _service_ports(policy: Policy) -> Iterator[ServicePorts]:
    for rule in (*policy.ingress, *policy.egress):
        yield from (port for port in rule.ports or () if isinstance(port, ServicePorts))
