"""Values of the model in words: ports, selectors, ends. Every sentence of an explanation is made of these."""

from __future__ import annotations

from collections.abc import Iterable

from flowcheck.model.cluster import NAMESPACE_NAME_LABEL
from flowcheck.model.labels import Labels, Operator, Requirement, Selector
from flowcheck.model.peers import DataPlane
from flowcheck.model.policy import AddressBlock, NamedPort, PodQuery, PortRange, Ports
from flowcheck.model.ports import PastProxy, PortsBut, ProtocolsBut, ServicePorts
from flowcheck.model.protocols import ICMP, ICMPV6, WITH_PORTS, protocol_name

EMPTY = '""'
PLANES: dict[str, str] = {
    DataPlane.SIDECAR: "a sidecar",
    DataPlane.AMBIENT: "ztunnel",
    DataPlane.GATEWAY: "a gateway",
    DataPlane.LINKERD: "Linkerd's proxy",
}
WAYPOINT = "a waypoint"


def in_mesh_by(plane: DataPlane | None) -> str:
    return f"in the mesh by {PLANES[plane]}" if plane is not None else "in no mesh"


def ports_text(ports: Ports) -> str:
    """One entry of a rule's ports."""
    match ports:
        case NamedPort():
            upwards = f" up to {ports.last}" if ports.last else ""
            protocol = f"/{protocol_name(ports.protocol)}" if ports.protocol else ""
            return f"port {ports.name}{upwards}{protocol}"
        case PortsBut(protocol, among, but):
            some = _listed(among) if among is not None else f"every {protocol_name(protocol)} port"
            return f"{some} but {_listed(but)}"
        case ProtocolsBut(protocols):
            names = " or ".join(protocol_name(one) for one in sorted(protocols))
            return f"every protocol but {names}" if names else "every protocol"
        case ServicePorts(namespace, name, protocol):
            whose = f" of {protocol_name(protocol)}" if protocol else ""
            return f"where Service {namespace}/{name} is served{whose}"
        case PastProxy():
            return "a port that goes past the proxy"
        case PortRange(protocol) if protocol in (ICMP, ICMPV6):
            return _messages(ports)
        case PortRange(protocol) if protocol not in WITH_PORTS:
            return protocol_name(protocol)
    if (ports.first, ports.last) in ((0, 65535), (1, 65535)):
        return f"every {protocol_name(ports.protocol)} port"
    return f"{range_text(ports)}/{protocol_name(ports.protocol)}"


def _listed(ports: Iterable[Ports]) -> str:
    return ", ".join(map(ports_text, ports))


def _messages(ports: PortRange) -> str:
    """ICMP by type and code, of which a number is made."""
    name = protocol_name(ports.protocol)
    if ports == PortRange(ports.protocol):
        return f"every {name} message"
    type_, code = divmod(ports.first, 256)
    whole = (ports.first, ports.last) == (type_ * 256, type_ * 256 + 255)
    if whole:
        return f"{name} type {type_}"
    one = f"{name} type {type_} code {code}"
    return one if ports.first == ports.last else f"{one} to type {ports.last // 256} code {ports.last % 256}"


def range_text(ports: PortRange) -> str:
    """``53`` or ``1000-2000``."""
    return str(ports.first) if ports.first == ports.last else f"{ports.first}-{ports.last}"


def requirement_text(clause: Requirement) -> str:
    """``app=web``, ``app in (a, b)``, ``app not in (a)``, ``app present``, ``app absent``."""
    values = sorted(clause.values)
    listed = ", ".join(value or EMPTY for value in values)
    match clause.operator:
        case Operator.IN:
            return f"{clause.key}={listed}" if len(values) == 1 else f"{clause.key} in ({listed})"
        case Operator.NOT_IN:
            return f"{clause.key}!={listed}" if len(values) == 1 else f"{clause.key} not in ({listed})"
        case Operator.EXISTS:
            return f"{clause.key} present"
        case Operator.DOES_NOT_EXIST:
            return f"{clause.key} absent"
        case _:
            return f"{clause.key} {clause.operator} {listed}"


def selector_text(selector: Selector) -> str:
    return ", ".join(map(requirement_text, selector.requirements))


def query_text(query: PodQuery) -> str:
    """``pods with app=web in namespace shop``."""
    pods = f"pods with {selector_text(query.pods)}" if query.pods.requirements else "all pods"
    if query.namespaces is None:
        return f"{pods} of namespace {query.namespace}"
    clauses = query.namespaces.requirements
    if not clauses:
        return f"{pods} of all namespaces" if query.pods.requirements else "all pods of all namespaces"
    if len(clauses) == 1 and clauses[0].key == NAMESPACE_NAME_LABEL and clauses[0].operator is Operator.IN:
        return f"{pods} of namespace {' or '.join(sorted(clauses[0].values))}"
    return f"{pods} of namespaces with {selector_text(query.namespaces)}"


def block_text(block: AddressBlock) -> str:
    return block.cidr + (f" except {', '.join(block.excepts)}" if block.excepts else "")


def clause_fault(clause: Requirement, labels: Labels, whose: str) -> str:
    """Why one clause of a selector does not hold: what the labels say instead."""
    if clause.key not in labels:
        return f"{whose} has no label {clause.key}"
    return f"{whose} has {clause.key}={labels[clause.key] or EMPTY}"


def faults(selector: Selector, labels: Labels, whose: str) -> list[str]:
    return [clause_fault(c, labels, whose) for c in selector.requirements if not c.matches(labels)]


def labels_text(labels: Labels) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(labels.items())) or "none"
