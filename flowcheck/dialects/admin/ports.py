"""The ports of a rule, in the two forms that the API has had."""

from __future__ import annotations

from flowcheck.dialects.admin.form import Form, elements, exactly_one
from flowcheck.manifests.fields import Field
from flowcheck.manifests.validation import port_name_fault
from flowcheck.model.policy import NamedPort, PortRange, Ports
from flowcheck.model.protocols import PROTOCOLS


def read_ports(field: Field, form: Form) -> tuple[Ports, ...]:
    read = _old_port if form.is_old else _protocol
    found = [read(entry) for entry in elements(field, 1, form.limit)]
    return tuple(port for port in found if port is not None)


def _old_port(entry: Field) -> Ports | None:
    """v1alpha1 AdminNetworkPolicyPort. Its protocol is any text; one that has no ports matches nothing."""
    chosen = exactly_one(entry, "portNumber", "portRange", "namedPort")
    if chosen is None:
        return None
    name, value = chosen
    if name == "namedPort":
        return _named(value)
    bounds = ("port",) if name == "portNumber" else ("start", "end")
    parts = value.mapping("protocol", *bounds, required=bounds)
    word = parts["protocol"].text() if "protocol" in parts else "TCP"
    if word is not None and word not in PROTOCOLS:
        parts["protocol"].warn("no such protocol has ports, so this matches nothing")
        return None
    return _range(value, parts, bounds, PROTOCOLS[word or "TCP"], smallest=0)


def _protocol(entry: Field) -> Ports | None:
    """v1alpha2 ClusterNetworkPolicyProtocol. Without a port it is every port of the protocol."""
    chosen = exactly_one(entry, "tcp", "udp", "sctp", "destinationNamedPort")
    if chosen is None:
        return None
    name, value = chosen
    if name == "destinationNamedPort":
        return _named(value)
    protocol = PROTOCOLS[name.upper()]
    parts = value.mapping("destinationPort")
    if not parts:
        value.warn("is taken as every port; the API server refuses it")
        return PortRange(protocol)
    chosen = exactly_one(parts["destinationPort"], "number", "range")
    if chosen is None:
        return None
    name, value = chosen
    if name == "number":
        number = value.number(1, 65535)
        return PortRange(protocol, number, number) if number is not None else None
    bounds = ("start", "end")
    return _range(value, value.mapping(*bounds, required=bounds), bounds, protocol, smallest=1)


def _range(
    field: Field, parts: dict[str, Field], bounds: tuple[str, ...], protocol: int, *, smallest: int
) -> PortRange | None:
    """From the first of ``bounds`` to the last, which must be ``smallest`` more at least; where that is 0, in
    v1alpha1, no CRD checks it."""
    first, last = (
        parts[name].number(1, 65535) if name in parts else None for name in (bounds[0], bounds[-1])
    )
    if first is None or last is None:
        return None
    if last < first + smallest and len(bounds) > 1:
        complain = field.report if smallest else field.doubt
        complain("start must be less than end")
    return PortRange(protocol, first, last)


def _named(field: Field) -> NamedPort:
    name = field.text() or ""
    if fault := port_name_fault(name):
        field.doubt(fault)
    return NamedPort(name, None)
