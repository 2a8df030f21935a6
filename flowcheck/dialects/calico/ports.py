"""What a rule says of protocols and ports.

    protocol     one of the names, or a number from 1 to 255, as text too
    ports        numbers, ``a:b``, names of container ports; without a protocol names only
    icmp         a type, and a code beside it
    not...       everything but that

Rules without a protocol are about every protocol, ICMP too.

Source: projectcalico.org/v3 Rule of Calico v3.32, api/pkg/lib/numorstring, libcalico-go/lib/validator/v3
validateRule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from flowcheck.manifests.complaints import likely
from flowcheck.manifests.fields import Field
from flowcheck.manifests.validation import port_name_fault
from flowcheck.model.policy import NamedPort, PortRange, Ports
from flowcheck.model.ports import LAST_NUMBER, PortsBut, ProtocolsBut, ServicePorts, icmp_range, without
from flowcheck.model.protocols import ICMP, ICMPV6, SCTP, TCP, UDP, WITH_PORTS

NAMES = {"TCP": TCP, "UDP": UDP, "ICMP": ICMP, "ICMPv6": ICMPV6, "SCTP": SCTP, "UDPLite": 136}
_WITHOUT_NAMES = "needs a protocol with ports: TCP, UDP or SCTP"
_RANGE = re.compile(r"([0-9]+)(?::([0-9]+))?")
_OTHER_RANGE = re.compile(r"([0-9]{1,5}) ?- ?([0-9]{1,5})")
_MOST = 50

PortList = tuple[tuple[int, int] | str, ...]
"""Ranges of numbers, and names."""


class Given(NamedTuple):
    """The parts of a rule that are about protocols and ports at the destination. ``icmp`` and ``not_icmp``
    are a type and a code, where a type is given."""

    protocol: int | None = None
    not_protocol: int | None = None
    icmp: tuple[int, int | None] | None = None
    not_icmp: tuple[int, int | None] | None = None
    ports: PortList | None = None
    not_ports: PortList = ()


def read_protocol(field: Field) -> int | None:
    """A protocol's number; None after reporting that it is none."""
    value = field.value
    if isinstance(value, str) and value in NAMES:
        return NAMES[value]
    number = int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,3}", value) else value
    if isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= 255:
        return number
    hint = likely(value, NAMES) if isinstance(value, str) else ""
    field.report(f"must be {', '.join(NAMES)} or a number from 1 to 255", hint)
    return None


def read_icmp(field: Field) -> tuple[int, int | None] | None:
    """``type`` and ``code``; None where neither is given."""
    parts = field.mapping("type", "code")
    type_ = parts["type"].number(0, 254) if "type" in parts else None
    code = parts["code"].number(0, 255) if "code" in parts else None
    if "code" in parts and "type" not in parts:
        field.report("has a code and no type", "write type beside it")
    return (type_, code) if type_ is not None else None


def read_ports(field: Field, protocol: Field | None, number: int | None) -> PortList:
    """The entries of ``ports`` or ``notPorts``, which must go with the rule's protocol."""
    entries = field.elements()
    if len(entries) > _MOST:
        field.report(f"has more than {_MOST} entries", "make them two rules")
    found = tuple(port for entry in entries if (port := _port(entry)) is not None)
    if protocol is None and not all(isinstance(port, str) for port in found):
        field.report(_WITHOUT_NAMES, "write protocol: TCP beside source and destination")
    elif protocol is not None and number not in (*WITH_PORTS, None) and entries:
        field.report(_WITHOUT_NAMES, "leave the ports out, or write protocol: TCP")
    return found


def _port(field: Field) -> tuple[int, int] | str | None:
    value = field.value
    if isinstance(value, str):
        numbers = _RANGE.fullmatch(value)
        if numbers is None:
            if (other := _OTHER_RANGE.fullmatch(value)) is not None:
                field.report("is no range of ports", f"write {other[1]}:{other[2]}")
                return None
            if fault := port_name_fault(value):
                field.report(fault, "a number, a range as 5000:6000, or a port's name")
            return value
        first, last = int(numbers[1]), int(numbers[2] or numbers[1])
        if not 1 <= first <= last <= LAST_NUMBER:
            field.report(f"must be from 1 to {LAST_NUMBER}, and a range must not go down", "as 5000:6000")
            return None
        return first, last
    number = field.number(1, LAST_NUMBER)
    return (number, number) if number is not None else None


def are_all(ports: PortList) -> bool:
    """Whether they are every number there is."""
    return (1, LAST_NUMBER) in ports


def ports_of(given: Given) -> tuple[Ports, ...] | None:
    """What a rule with these parts is about; None: everything."""
    if given.protocol is None:
        return _of_any_protocol(given)
    if given.protocol == given.not_protocol:
        return ()
    if given.protocol in (ICMP, ICMPV6):
        whole = icmp_range(given.protocol, *(given.icmp or ()))
        but = (icmp_range(given.protocol, *given.not_icmp),) if given.not_icmp else ()
        return without((whole,), but)
    return _of_protocol(given, given.protocol)


def service_ports(given: Given, namespace: str, name: str) -> tuple[Ports, ...]:
    """Where a Service is served, at the rule's protocols."""
    if given.protocol is None and given.not_protocol is None:
        return (ServicePorts(namespace, name),)
    protocols = WITH_PORTS if given.protocol is None else WITH_PORTS & {given.protocol}
    return tuple(ServicePorts(namespace, name, one) for one in sorted(protocols - {given.not_protocol}))


def _of_any_protocol(given: Given) -> tuple[Ports, ...] | None:
    """Ports are names here. What has no ports is never at a named one."""
    if given.ports is None and not given.not_ports:
        return None if given.not_protocol is None else (ProtocolsBut(frozenset((given.not_protocol,))),)
    found: list[Ports] = []
    if given.ports is None:
        others = {*WITH_PORTS, given.not_protocol} - {None}
        found.append(ProtocolsBut(frozenset(one for one in others if one is not None)))
    for protocol in sorted(WITH_PORTS - {given.not_protocol}):
        found += _of_protocol(given, protocol)
    return tuple(found)


def _of_protocol(given: Given, protocol: int) -> tuple[Ports, ...]:
    ports = _ports(given.ports, protocol) if given.ports is not None else None
    but = _ports(given.not_ports, protocol)
    if not but:
        return (PortRange(protocol),) if ports is None else ports
    ranges = (PortRange(protocol),) if ports is None else ports
    plain = [one for one in ranges if isinstance(one, PortRange)]
    plain_but = [one for one in but if isinstance(one, PortRange)]
    if len(plain) == len(ranges) and len(plain_but) == len(but):
        return without(plain, plain_but)
    return (PortsBut(protocol, ports, but),)


def _ports(ports: Iterable[tuple[int, int] | str], protocol: int) -> tuple[PortRange | NamedPort, ...]:
    return tuple(
        NamedPort(port, protocol) if isinstance(port, str) else PortRange(protocol, *port) for port in ports
    )
