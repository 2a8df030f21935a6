"""What an end of a flow may turn out to be, and how addresses are written and compared."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import cache
from typing import Literal

from flowcheck.model.cluster import Pod
from flowcheck.model.labels import Labels
from flowcheck.model.service import Service, ServicePort
from flowcheck.reference.flow import Quality


@dataclass(frozen=True)
class End:
    """One thing an end may be: a pod, a node, or (neither set) an external address.

    ``node_labels`` are the node's at that time; None where no Node object tells them. ``in_particular`` is
    False where a workload's name stands for any of its pods. ``namespace_described``: the labels of the pod's
    namespace are known. ``may_be_node``: an external address, in a cluster of which no node is described.
    ``may_be_virtual``: one that may be a Service's, in a cluster of which no Service is listed. ``stranger``:
    nobody known. ``versions``: it is open which of these, the earliest first, it was; the first stands for
    what they share. ``secondary`` is the pod (namespace, name, uid) that has the address beside the cluster's
    network: to policies it is an external address all the same. ``likely``: a device that the node may have
    there.
    """

    address: str | None
    pod: Pod | None = None
    node: str | None = None
    node_labels: Labels | None = None
    in_particular: bool = True
    namespace_described: bool = True
    may_be_node: bool = False
    may_be_virtual: bool = False
    secondary: tuple[str, str, str] | None = None
    likely: bool = False
    versions: tuple[End, ...] = ()
    stranger: bool = False

    @property
    def name(self) -> str:
        if self.secondary is not None:
            namespace, name, _ = self.secondary
            return f"{namespace}/Pod/{name} (secondary interface)"
        if self.pod is not None and self.pod.template:
            return str(self.pod.workload)
        if self.pod is not None:
            return f"{self.pod.namespace}/Pod/{self.pod.name}"
        return f"Node/{self.node}" if self.node is not None else self.address or ""

    @property
    def is_external(self) -> bool:
        """Nobody of the cluster's."""
        return self.pod is None and self.node is None and self.secondary is None

    @property
    def who(self) -> tuple[str, ...]:
        """What tells it from everybody else, whatever it looked like at the time."""
        if self.pod is not None:
            return ("pod", self.pod.namespace, self.pod.name, self.pod.uid, str(self.pod.template))
        if self.secondary is not None:
            return ("pod", *self.secondary, str(False))
        return ("node", self.node) if self.node is not None else ("address", self.address or "")


@dataclass(frozen=True)
class Resolved:
    """Everything an end may be, and the name it goes by.

    ``lost`` says why there is no knowing. ``service`` is set, and ``ends`` empty, where it is reached
    through a Service, ``via`` at an address of its own by this port; ``backends`` are who is behind it, or
    behind a host port. ``by`` is what it was found by; ``version`` that of its address: 4, 6, or 0 without
    one. ``firm``: whatever pod was recorded beside the address. ``shared``: several Services have the
    address. ``inner``: the address is a cluster IP; ``node``: it is this node's.
    """

    name: str
    ends: tuple[End, ...] = ()
    lost: Literal["", "unresolved", "ambiguous"] = ""
    service: Service | None = None
    backends: tuple[Target, ...] = ()
    via: ServicePort | None = None
    version: int = 0
    by: Literal["", "uid", "name", "address", "workload"] = ""
    sure: bool = True
    firm: bool = False
    shared: bool = False
    inner: bool = False
    node: str | None = None

    @property
    def quality(self) -> Quality:
        if self.lost:
            return self.lost
        found = self.service is not None or self.backends
        if not found and all(end.is_external for end in self.ends):
            return "external"
        return "exact" if self.sure else "inferred"

    @property
    def only(self) -> End | None:
        """The one pod, node or external address that it is, at whichever of its addresses; else None."""
        one = len({end.who for end in self.ends}) == 1
        return self.ends[0] if one and all(end.in_particular for end in self.ends) else None


@dataclass(frozen=True)
class Target:
    """Who may take a flow, and on which port; None: the flow's was not recorded. Of a Service's backends:
    whether it is ready, or only serves to the end, and on which node it is listed."""

    resolved: Resolved
    port: int | None
    ready: bool = True
    node: str = ""


@cache
def canonical(text: str) -> str:
    """The one way to write an address; an IPv4-mapped IPv6 address is the IPv4 address."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


@cache
def inside(address: str, cidr: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(cidr, strict=False)


@cache
def family(address: str) -> int:
    """4 or 6."""
    return ipaddress.ip_address(address).version
