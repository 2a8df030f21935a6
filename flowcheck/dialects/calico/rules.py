"""Rules, as written: their order counts, and each has its action.

Of an ingress rule ``source`` is the peer and ``destination`` the pod itself, of an egress rule the other way
round. ``Log`` decides nothing and is left out. ``http`` is no matter of addresses and ports: at layer 4 the
rule lets the connection through. What a port's name means at the source is unknown.

Source: projectcalico.org/v3 Rule of Calico v3.32, the CEL rules of its CRDs; libcalico-go/lib/validator/v3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flowcheck.dialects.calico.entities import Entity, read_entity, together
from flowcheck.dialects.calico.http import check_http
from flowcheck.dialects.calico.ports import (
    NAMES,
    Given,
    PortList,
    are_all,
    ports_of,
    read_icmp,
    read_protocol,
    service_ports,
)
from flowcheck.dialects.shared import as_written
from flowcheck.manifests.fields import Field
from flowcheck.model.peers import AnyOf, Backends, Family, Peer, Where
from flowcheck.model.policy import Action, Direction, PortRange, Ports, Rule
from flowcheck.model.ports import without
from flowcheck.model.protocols import ICMP, ICMPV6

_ACTIONS = {"Allow": Action.ALLOW, "Deny": Action.DENY, "Pass": Action.PASS}
_FIELDS = (
    *("action", "ipVersion", "protocol", "notProtocol", "icmp", "notICMP"),
    *("source", "destination", "http", "metadata"),
)
_WRONG_NAMES = {
    **{"from": "source", "to": "destination", "ports": "destination: {ports: [...]}", "icmps": "icmp"},
    **dict.fromkeys(("toPorts", "port"), "destination: {ports: [...]}"),
}
_PORTS = ("ports", "notPorts")
_MOST = 1024
_VERSION_OF = {ICMP: 4, ICMPV6: 6}
_NOBODY: Peer = AnyOf(())


@dataclass(frozen=True, slots=True)
class Place:
    """Where rules stand: in which direction, in a policy of which namespace (empty: of the whole cluster)."""

    direction: Direction
    namespace: str

    @property
    def is_ingress(self) -> bool:
        return self.direction is Direction.INGRESS


def read_rules(field: Field | None, place: Place) -> tuple[Rule, ...]:
    """All but those that only log; each keeps its number."""
    if field is None:
        return ()
    entries = field.elements()
    if len(entries) > _MOST:
        field.report(f"has more than {_MOST} entries", "make them two policies")
    return tuple(_rules(entries, place))


def _rules(entries: list[Field], place: Place) -> Iterator[Rule]:
    for number, entry in enumerate(entries):
        rule = _rule(entry, f"{place.direction}[{number}]", place)
        if rule is not None:
            yield rule


def _rule(entry: Field, label: str, place: Place) -> Rule | None:
    parts = entry.mapping(*_FIELDS, required=("action",), instead=_WRONG_NAMES)
    word = parts["action"].one_of("Allow", "Deny", "Log", "Pass") if "action" in parts else None
    version = _ip_version(parts)
    given = _given(entry, parts, version)
    read = {"source": Entity(), "destination": Entity()}
    for name in read.keys() & parts.keys():
        read[name] = read_entity(parts[name], place.namespace, parts.get("protocol"), given.protocol)
    _check_versions(entry, version, read)
    _check_services(parts, read, place)
    if "http" in parts:
        check_http(parts["http"], word, given.protocol, is_ingress=place.is_ingress)
    if "metadata" in parts:
        parts["metadata"].mapping("annotations")
    if word not in _ACTIONS:
        return None
    source, destination = read["source"], read["destination"]
    written = {name: _written(parts, name) for name in read}
    given = given._replace(ports=destination.ports, not_ports=destination.not_ports)
    far, near = (source, destination) if place.is_ingress else (destination, source)
    whom, whose = ("source", "destination") if place.is_ingress else ("destination", "source")
    said = [text for text in (written[whom], _version(parts)) if text]
    peers = far.peers if version is None else (*far.peers, Where(Family(version)))
    ports: tuple[Ports, ...] | None = ports_of(given)
    unread = _names_source_ports(parts, source) or _has_odd_icmp(parts, given)
    if are_all(source.not_ports):
        ports, unread = (), False
    if far.service is not None and not far.service[0]:
        peers = (_NOBODY,)
    elif far.service is not None and place.is_ingress:
        peers = (*peers, Backends(*far.service))
    elif far.service is not None:
        ports = service_ports(given, *far.service)
    return Rule(
        label,
        _ACTIONS[word],
        (together(peers),) if peers else None,
        ports,
        entry.source,
        unread,
        subject=together(near.peers) if near.peers else None,
        written=(", ".join(said),) if said else (),
        written_subject=written[whose],
        source_ports=None if unread or given.protocol is None else _source_ports(source, given.protocol),
    )


def _written(parts: dict[str, Field], name: str) -> str:
    """Whom an end of the rule is about, as it stands there; empty: everyone."""
    value = parts[name].value if name in parts else None
    said = {key: one for key, one in value.items() if key not in _PORTS} if isinstance(value, dict) else {}
    return f"{name}: {as_written(said)}" if said else ""


def _version(parts: dict[str, Field]) -> str:
    return f"ipVersion: {as_written(parts['ipVersion'].value)}" if "ipVersion" in parts else ""


def _ip_version(parts: dict[str, Field]) -> int | None:
    if "ipVersion" not in parts:
        return None
    if parts["ipVersion"].value in (4, 6):
        return int(parts["ipVersion"].value)
    parts["ipVersion"].report("must be 4 or 6", "without quotes")
    return None


def _given(entry: Field, parts: dict[str, Field], version: int | None) -> Given:
    """What it says of protocols; what of ports stands in its ends."""
    protocol = read_protocol(parts["protocol"]) if "protocol" in parts else None
    but = read_protocol(parts["notProtocol"]) if "notProtocol" in parts else None
    for number, name in ((protocol, "protocol"), (but, "notProtocol")):
        needed = _VERSION_OF.get(number or 0)
        if version is not None and needed not in (None, version) and parts[name].value in NAMES:
            hint = f"write ipVersion: {needed}, or none"
            parts[name].report(f"is of IP version {needed}, and ipVersion is {version}", hint)
    icmp = read_icmp(parts["icmp"]) if "icmp" in parts else None
    not_icmp = read_icmp(parts["notICMP"]) if "notICMP" in parts else None
    if "icmp" in parts and protocol not in _VERSION_OF:
        entry.report("has icmp, and its protocol is not ICMP or ICMPv6", "write protocol: ICMP")
    return Given(protocol, but, icmp, not_icmp)


def _check_versions(entry: Field, version: int | None, read: dict[str, Entity]) -> None:
    versions = read["source"].versions | read["destination"].versions
    if len(versions) > 1:
        entry.report("has nets of both IP versions", "make them two rules")
    elif version is not None and versions - {version}:
        hint = f"leave out ipVersion, or write ipVersion: {next(iter(versions - {version}))}"
        entry.report(f"has nets that are not of IP version {version}", hint)


def _check_services(parts: dict[str, Field], read: dict[str, Entity], place: Place) -> None:
    """Services stand at the far end, with a namespace where the policy has none."""
    far = "source" if place.is_ingress else "destination"
    for name, entity in read.items():
        if entity.service is None:
            continue
        field = parts[name].child("services")
        if name != far:
            field.report(f"may not stand in {name} of an {place.direction} rule", f"write it in {far}")
        if not entity.service[0] and not place.namespace:
            field.report("needs namespace", "write the Service's beside name")
        elif not entity.service[0]:
            field.warn("names no namespace, so it matches nothing: write the Service's beside name")
        if name == "destination" and (entity.ports or entity.not_ports):
            field.report("may not stand beside ports or notPorts", "leave those out: it has the Service's")


def _names_source_ports(parts: dict[str, Field], source: Entity) -> bool:
    """A port's name means what the source pod has by it, which flows are judged without."""
    if any(isinstance(port, str) for port in (*(source.ports or ()), *source.not_ports)):
        parts["source"].warn("names a port at the source: what it matches is unknown")
        return True
    return False


def _source_ports(source: Entity, protocol: int) -> tuple[PortRange, ...] | None:
    """The numbers a flow may come from; None: any."""
    if (source.ports is None or are_all(source.ports)) and not source.not_ports:
        return None
    some = [PortRange(protocol)] if source.ports is None else _ranges(source.ports, protocol)
    return without(some, _ranges(source.not_ports, protocol))


def _ranges(ports: PortList, protocol: int) -> list[PortRange]:
    return [PortRange(protocol, *port) for port in ports if not isinstance(port, str)]


def _has_odd_icmp(parts: dict[str, Field], given: Given) -> bool:
    """What ``notICMP`` means without ICMP, no text says."""
    if given.not_icmp is not None and given.protocol not in _VERSION_OF:
        parts["notICMP"].warn("stands without protocol ICMP or ICMPv6: what it matches is unknown")
        return True
    return False
