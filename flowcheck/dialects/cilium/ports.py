"""The ports of an entry: ``toPorts`` and ``icmps``.

    toPorts absent or []          every protocol and port
    ports absent or []            none at all
    protocol absent or ANY        TCP, UDP and SCTP, never ICMP
    port "0"                      every port; its endPort says nothing
    endPort below port            says nothing
    port "0120"                   octal, as Go reads it: 80
    port as a name                in any case; ANY takes the pod's own protocol; a range from there on
                                  ingress only

Source: cilium.io/v2, cilium v1.20 pkg/policy/api l4.go, icmp.go, rule_validation.go; pkg/iana; Go strconv.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from flowcheck.dialects.cilium.context import Context
from flowcheck.dialects.cilium.icmp import TYPES
from flowcheck.dialects.cilium.l7 import needs_of
from flowcheck.manifests.complaints import likely
from flowcheck.manifests.fields import Field
from flowcheck.model.policy import Direction, NamedPort, PortRange, Ports
from flowcheck.model.ports import LAST_NUMBER, icmp_range
from flowcheck.model.protocols import ICMP, ICMPV6, PROTOCOLS
from flowcheck.model.verdict import Reason

_MOST = 40
_PORTLESS = {"VRRP": 112, "IGMP": 2, "GRE": 47, "IPIP": 4, "IPV6": 41, "ESP": 50, "AH": 51}
_NAME = re.compile(r"(?:[a-zA-Z0-9]-?)*[a-zA-Z](?:-?[a-zA-Z0-9])*")
_STORED = re.compile(r"^[0-9]|[a-zA-Z](?:-?[a-zA-Z0-9])*$")
"""What the schema takes for a port: it looks for a number at the beginning, or a name at the end."""
_RANGE = re.compile(r"([0-9]{1,5})[-:]([0-9]{1,5})")
_PORT_HINT = 'as port: "80" or port: http'
_NUMBER = re.compile(r"(?:0(?P<octal>(?:_?[0-7])+)|(?P<decimal>[1-9](?:_?[0-9])*|0))", re.ASCII)


class PortGroup(NamedTuple):
    """Ports with what more they ask for. ``place`` is where they stand in the entry, empty: several places.
    ``unread``: releases differ in what they mean."""

    ports: tuple[Ports, ...]
    needs: Reason = Reason.NONE
    place: str = ""
    unread: bool = False


def read_ports(
    parts: Mapping[str, Field], direction: Direction, context: Context, *, denies: bool
) -> list[PortGroup] | None:
    """None: no field names any. Ports that ask for nothing more are one group."""
    entries = parts["toPorts"].elements() if "toPorts" in parts else []
    messages = parts["icmps"].elements() if "icmps" in parts else []
    if entries and messages:
        context.refuse(parts["icmps"], "cannot stand beside toPorts", "make them two entries")
    if not entries and not messages:
        return None
    plain: list[Ports] = []
    groups: list[PortGroup] = []
    for place, entry in enumerate(entries):
        ports, needs = _port_rule(entry, direction, context, denies=denies)
        if needs is Reason.NONE:
            plain += ports
        else:
            groups.append(PortGroup(ports, needs, f"toPorts[{place}]"))
    for entry in messages:
        for types, unread in _messages(entry, context):
            if unread:
                groups.append(PortGroup((types,), place="icmps", unread=True))
            else:
                plain.append(types)
    return [PortGroup(tuple(plain)), *groups] if plain or not groups else groups


def _port_rule(
    entry: Field, direction: Direction, context: Context, *, denies: bool
) -> tuple[tuple[Ports, ...], Reason]:
    more = () if denies else ("rules", "serverNames", "listener", "terminatingTLS", "originatingTLS")
    parts = entry.mapping("ports", *more)
    ports = parts["ports"].elements() if "ports" in parts else []
    if len(ports) > _MOST:
        parts["ports"].report(f"has more than {_MOST} entries", "make them two entries of toPorts")
    needs = needs_of(parts, direction, context, ports)
    found = [port for one in ports for port in _port(one, direction, context)]
    return tuple(found), needs


def _port(entry: Field, direction: Direction, context: Context) -> tuple[Ports, ...]:
    parts = entry.mapping("port", "endPort", "protocol")
    word = parts["protocol"].one_of("ANY", *PROTOCOLS, *_PORTLESS) if "protocol" in parts else "ANY"
    text = parts["port"].text() if "port" in parts else ""
    end = parts["endPort"].number(0, LAST_NUMBER) if "endPort" in parts else None
    if word is None or text is None:
        return ()
    protocols = PROTOCOLS.values() if word == "ANY" else [{**PROTOCOLS, **_PORTLESS}[word]]
    if not text and "port" not in parts:
        context.refuse(entry, "needs port", 'write port: "0" for every port')
        return ()
    if not _STORED.search(text):
        parts["port"].report("is neither a port number nor a name", _PORT_HINT)
        return ()
    if is_port_name(text):
        named = None if word == "ANY" else next(iter(protocols))
        last = end if direction is Direction.INGRESS else None
        return (NamedPort(text.lower(), named, last or None),)
    number = parse_port(text)
    if number is None:
        context.refuse(parts["port"], "is neither a port number up to 65535 nor a name", _port_hint(text))
        return ()
    if word in _PORTLESS:
        if number:
            context.refuse(parts["port"], f"must be 0: {word} has no ports", 'write port: "0"')
        return tuple(PortRange(one) for one in protocols)
    last = max(number, end or 0) if number else LAST_NUMBER
    return tuple(PortRange(one, number, last) for one in protocols)


def is_port_name(text: str) -> bool:
    """An IANA service name, which is no number: 0x10 is a name."""
    return len(text) <= 15 and _NAME.fullmatch(text) is not None


def _port_hint(text: str) -> str:
    """What to write where a range may have been meant."""
    found = _RANGE.fullmatch(text)
    return f'write port: "{found[1]}" and endPort: {found[2]}' if found else _PORT_HINT


def parse_port(text: str) -> int | None:
    """A number as Go reads literals: a leading zero makes it octal."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    octal, decimal = found["octal"], found["decimal"]
    number = int(octal.replace("_", ""), 8) if octal else int(decimal.replace("_", ""))
    return number if number <= LAST_NUMBER else None


def _messages(entry: Field, context: Context) -> list[tuple[PortRange, bool]]:
    """ICMP messages by family and type. Of type 0 releases differ: some take it for every type."""
    fields = entry.mapping("fields")
    entries = fields["fields"].elements() if "fields" in fields else []
    if len(entries) > _MOST:
        fields["fields"].report(f"has more than {_MOST} entries", "make them two entries of icmps")
    found: list[tuple[PortRange, bool]] = []
    for one in entries:
        parts = one.mapping("family", "type", required=("type",))
        family = parts["family"].one_of("IPv4", "IPv6") if "family" in parts else "IPv4"
        protocol = ICMPV6 if family == "IPv6" else ICMP
        type_ = _type(parts["type"], protocol, context) if "type" in parts else None
        if type_ is not None:
            found.append((icmp_range(protocol, type_), False))
        if type_ == 0:
            found.append((PortRange(protocol, 1 << 8), True))
    return found


def _type(field: Field, protocol: int, context: Context) -> int | None:
    if not isinstance(field.value, str):
        return field.number(0, 255)
    text = field.value
    if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 255:
        return int(text)
    if text not in TYPES[protocol]:
        hint = likely(text, TYPES[protocol]) or f"a number up to 255, or one of {', '.join(TYPES[protocol])}"
        if any(text in names for names in TYPES.values()):
            context.refuse(field, "is no type of this family", hint)
        else:
            field.report("is no type of ICMP", hint)
    return TYPES[protocol].get(text)
