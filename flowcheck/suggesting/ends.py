"""Who the ends of a contact are: workloads, nodes, addresses; as peers of rules, and by name."""

from __future__ import annotations

from collections import defaultdict
from ipaddress import ip_network

from flowcheck import arrays as a
from flowcheck.compile import Program, axis_of
from flowcheck.judging.contacts import BY_ADDRESS
from flowcheck.kernels import decide
from flowcheck.model.cluster import Cluster
from flowcheck.suggesting.folding import Contact
from flowcheck.suggesting.languages.language import Language
from flowcheck.suggesting.needs import Block, Peer, Pods
from flowcheck.suggesting.units import Unit, Units


class Ends:
    """The endpoints of one program, ``units`` its workloads."""

    def __init__(self, program: Program, cluster: Cluster, units: Units, language: Language) -> None:
        self._program, self._units, self._language = program, units, language
        self._ends = program.tables.endpoints
        self._of_nodes = _addresses_of_nodes(cluster)
        self._axis = axis_of(cluster, program.options).endpoints
        self._outside: dict[int, list[str]] = defaultdict(list)
        for address, endpoint in program.located.items():
            self._outside[endpoint].append(address)

    def kind(self, endpoint: int) -> int:
        return int(self._ends[endpoint, a.KIND])

    def unit(self, endpoint: int) -> Unit | None:
        """The workload, where the end is a pod."""
        return self._units.of(endpoint) if self.kind(endpoint) == a.KIND_POD else None

    def peer(self, own: int, other: int, contact: Contact) -> tuple[Peer | None, str]:
        """The peer, and the name of the end that was seen."""
        unit = self.unit(other)
        if unit is not None:
            return Pods(unit), unit.name
        is_node = self.kind(other) == a.KIND_NODE
        address = self._address(other, contact)
        if not address:
            return None, ""
        if not is_node:
            return Block(ip_network(address)), address
        name = self._program.groups[self._ends[other, a.GROUP]]
        is_own = bool(decide.is_own_node(self._ends, other, own))
        return self._language.node(address, own=is_own), f"{name} {address}"

    def _address(self, end: int, contact: Contact) -> str:
        """Outside as it was recorded, or as the only EndpointSlice that is about it has it. A node's is its
        own, whatever was recorded beside its name; of one that is known by name only that which it has, where
        it has no other."""
        if self.kind(end) == a.KIND_BLOCK and end in (contact.src, contact.dst):
            return self._recorded(end, contact)
        if self.kind(end) == a.KIND_BLOCK:  # a Service's backend
            listed = self._outside.get(end, ())
            return listed[0] if len(listed) == 1 else ""
        prefix = self._axis[end].prefix if end < len(self._axis) else None
        if prefix is not None:
            return str(prefix.network_address)
        name = self._program.endpoint_names[end].removeprefix("Node/")
        own = self._of_nodes.get(name, set())
        return next(iter(own)) if len(own) == 1 else ""

    def _recorded(self, end: int, contact: Contact) -> str:
        """The recorded address, where it is this end's."""
        at_source = self.kind(contact.src) in BY_ADDRESS
        return contact.address if end == (contact.src if at_source else contact.dst) else ""

    def name(self, end: int, contact: Contact) -> str:
        """Of a workload, a node or a Service, else the address, or the block that it is in."""
        unit = self.unit(end)
        if unit is not None:
            return unit.name
        group = self._program.groups[self._ends[end, a.GROUP]]
        outside = self.kind(end) in (a.KIND_BLOCK, a.KIND_UNRESOLVED, a.KIND_SECONDARY)
        return (outside and self._recorded(end, contact)) or group


def _addresses_of_nodes(cluster: Cluster) -> dict[str, set[str]]:
    """By name: their own, and those of the pods on their network."""
    found = {node.name: {*node.addresses} for node in cluster.nodes}
    for pod in cluster.pods:
        if pod.host_network and pod.node:
            found.setdefault(pod.node, set()).update(pod.addresses)
    return found
