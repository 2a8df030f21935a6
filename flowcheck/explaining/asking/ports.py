"""Whether an entry of a rule's ports matches the flow, and why (not), in words."""

from __future__ import annotations

from itertools import groupby

from flowcheck.explaining.ends import as_address
from flowcheck.explaining.question import Asked
from flowcheck.explaining.records import Check
from flowcheck.explaining.words import ports_text, range_text
from flowcheck.model.cluster import ContainerPort, Pod
from flowcheck.model.policy import NamedPort, PortRange, Ports, Rule
from flowcheck.model.ports import PastProxy, PortsBut, ProtocolsBut, ServicePorts
from flowcheck.model.protocols import ICMP, ICMPV6, WITH_PORTS, port_text, protocol_name


def check_ports(rule: Rule, question: Asked) -> tuple[Check, ...]:
    """Absent ports are every port and protocol, an empty list is none. What differs in the protocol only, all
    that have ports, is one entry."""
    if rule.ports is None:
        return (Check("yes", "every port"),)
    if not rule.ports:
        return (Check("no", "no port"),)
    found = []
    if rule.level is None:
        return tuple(check_port(ports, question) for ports in rule.ports)
    for _, same in groupby(rule.ports, key=_numbers):
        entries = list(same)
        checks = [check_port(ports, question) for ports in entries]
        if {one.protocol for one in entries if isinstance(one, PortRange)} == WITH_PORTS:
            first = next((check for check in checks if check.match == "yes"), checks[0])
            text = f"{checks[0].text.rpartition('/')[0] or 'every port'}/ANY"
            checks = [
                Check(
                    first.match, text.replace("every port/ANY", "every port of TCP, UDP and SCTP"), first.why
                )
            ]
        found += checks
    return tuple(found)


def check_source(rule: Rule, question: Asked) -> tuple[Check, ...]:
    """Whether the flow comes from a port that a rule asks for; nothing where it asks for none."""
    if rule.source_ports is None:
        return ()
    text = ", ".join(map(range_text, rule.source_ports)) or "no port"
    came = question.source
    if came is None:
        return (Check("no", text, f"{protocol_name(question.protocol)} has no ports"),)
    matches = any(one.first <= came.first <= one.last for one in rule.source_ports)
    one_of = "" if came.first == came.last else "one of "
    return (_check(matches, text, f"the flow comes from {one_of}{range_text(came)}"),)


def _numbers(ports: Ports) -> object:
    return (ports.first, ports.last) if isinstance(ports, PortRange) else ports


def check_port(ports: Ports, question: Asked) -> Check:
    what, asked = ports_text(ports), port_text(question.port, question.protocol)
    if question.protocol in (ICMP, ICMPV6) and question.port is not None:
        asked = ports_text(PortRange(question.protocol, question.port, question.port))
    if isinstance(ports, ProtocolsBut):
        return _check(question.protocol not in ports.protocols, what, f"the flow is {asked}")
    if isinstance(ports, PortRange) and question.protocol not in WITH_PORTS:
        matches = ports.protocol == question.protocol and _is_message(ports, question)
        has_ports = ports.protocol in WITH_PORTS
        return _check(matches, what, f"{asked} has no ports" if has_ports else f"the flow is {asked}")
    if question.port is None:
        return _check(False, what, f"{asked} has no ports")
    match ports:
        case PortRange():
            matches = ports.protocol == question.protocol and ports.first <= question.port <= ports.last
            return _check(matches, what, f"the flow goes to {asked}")
        case NamedPort():
            return _check_name(ports, question, what, asked)
        case PortsBut():
            among = ports.ports is None or any(
                check_port(one, question).match == "yes" for one in ports.ports
            )
            mine = ports.protocol == question.protocol and among
            left_out = any(check_port(one, question).match == "yes" for one in ports.but)
            return _check(mine and not left_out, what, f"the flow goes to {asked}")
        case PastProxy():
            pod = question.destination.pod
            past = pod.mesh.inbound_past if pod is not None and pod.mesh else ()
            return _check(question.port in past, what, f"the flow goes to {asked}")
        case ServicePorts():
            return _check(_is_served(ports, question), what, f"that is not where the flow goes, {asked}")


def _is_message(ports: PortRange, question: Asked) -> bool:
    """Whether a protocol without ports is meant as a whole, or this type and code of it."""
    whole = ports == PortRange(ports.protocol)
    return whole or (question.port is not None and ports.first <= question.port <= ports.last)


def _is_served(ports: ServicePorts, question: Asked) -> bool:
    """Whether any slice of the Service lists the destination, and serves the port."""
    if ports.protocol not in (None, question.protocol):
        return False
    here = question.protocol, question.port
    return any(
        here in {(port.protocol, port.port) for port in one.ports if port.port}
        and question.destination.address in {as_address(backend.address) for backend in one.backends}
        for one in question.cluster.slices
        if (one.namespace, one.service) == (ports.namespace, ports.name)
    )


def _naming(pod: Pod, question: Asked) -> list[ContainerPort]:
    """The ports of a pod that a rule can name."""
    which = question.options.port_names
    own = [one for one in pod.ports if not one.sidecar or which != "containers"]
    return [*own, *(pod.init_ports if which == "init" else ())]


def _check_name(ports: NamedPort, question: Asked, what: str, asked: str) -> Check:
    """A name is looked up on the destination pod, whichever side the rule is on."""
    end = question.destination
    if end.pod is None:
        return _check(False, what, "the destination is no pod, so the name means nothing there")
    named = _naming(end.pod, question)
    declared = [port for port in named if port.name == ports.name]
    if question.options.same_port_name == "last":
        declared = declared[-1:]
    if not declared:
        names = ", ".join(f"{p.name}={port_text(p.number, p.protocol)}" for p in named if p.name)
        why = f"the destination has no port of that name (it has {names or 'none'}): nothing matches there"
        return _check(False, what, why + _of_service(question, end.pod, ports.name))
    means = ", ".join(port_text(port.number, port.protocol) for port in declared)
    right = [p for p in declared if ports.protocol in (None, p.protocol)]
    last = ports.last or 0
    if any(
        p.protocol == question.protocol and p.number <= (question.port or 0) <= max(p.number, last)
        for p in right
    ):
        return Check("yes", f"{what}, which is {means} on the destination")
    if not right:
        wanted = protocol_name(ports.protocol or 0)
        return _check(False, what, f"on the destination it is {means}, and the rule wants {wanted}")
    return _check(False, what, f"on the destination it is {means}, not {asked}")


def _of_service(question: Asked, pod: Pod, name: str) -> str:
    """Policies know a port's name in the pod's containers, people often that in the Service."""
    named = [
        service
        for service in question.cluster.services
        if service.namespace == pod.namespace and any(port.name == name for port in service.ports)
    ]
    return f"; {name} is a port of {named[0]}, which does not count" if named else ""


def _check(matches: bool, what: str, why: str) -> Check:
    return Check("yes", what) if matches else Check("no", what, why)
