"""``source`` and ``destination`` of a rule: everything in it must hold of that end.

    selector, namespaceSelector, serviceAccounts    pods, and addresses in network sets or of host endpoints
    notSelector                                     everyone but those, addresses of nobody known too
    nets, notNets                                   whoever has such an address
    services                                        who stands behind a Service

In a NetworkPolicy all that a selector takes is of its own namespace, unless a namespaceSelector says
otherwise, as soon as there is a selector, a serviceAccounts or a notSelector; so a notSelector alone takes no
address outside. Beside other selectors a notSelector is asked of the same thing as they are: a pod that they
take is taken although its address is in a network set of the notSelector. A rule with nets or notNets is only
for flows of an IP version that they have.

Source: projectcalico.org/v3 EntityRule of Calico v3.32; libcalico-go updateprocessors/rules.go
getEndpointSelector; felix/calc combineMatchesIfPossible; felix/rules FilterRuleToIPVersion.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from flowcheck.dialects.calico.ends import in_namespace, taken
from flowcheck.dialects.calico.labels import with_accounts
from flowcheck.dialects.calico.ports import PortList, read_ports
from flowcheck.dialects.calico.selectors import all_of, negation
from flowcheck.dialects.calico.texts import (
    read_not_things,
    read_rule_accounts,
    read_rule_namespaces,
    read_things,
)
from flowcheck.manifests.blocks import read_cidr
from flowcheck.manifests.fields import Field
from flowcheck.manifests.validation import name_fault, without_leading_zeros
from flowcheck.model.peers import AddressBlock, AllOf, AnyOf, Expression, Family, Not, Peer, Where

FIELDS = (
    *("nets", "notNets", "selector", "notSelector", "namespaceSelector", "serviceAccounts", "services"),
    *("ports", "notPorts"),
)
_WRONG_NAMES = {
    **dict.fromkeys(("podSelector", "endpointSelector"), "selector: app == 'x'"),
    **dict.fromkeys(("ipBlock", "cidr", "net"), "nets: [10.0.0.0/8]"),
    **{
        "except": "notNets",
        "port": "ports: [80]",
        "service": "services",
        "serviceAccount": "serviceAccounts",
    },
}
_NOT_BESIDE_SERVICES = (
    *("namespaceSelector", "selector", "notSelector", "serviceAccounts", "nets", "notNets"),
)
_MOST_NETS = 256


@dataclass(frozen=True, slots=True)
class Entity:
    """One end of a rule. ``peers`` all hold; ``service`` has no namespace where the rule names none.
    ``versions`` are those of its nets and notNets."""

    peers: tuple[Peer, ...] = ()
    ports: PortList | None = None
    not_ports: PortList = ()
    service: tuple[str, str] | None = None
    versions: frozenset[int] = frozenset()


def read_entity(field: Field, namespace: str, protocol: Field | None, number: int | None) -> Entity:
    """``namespace`` is the policy's own, empty for a kind of the whole cluster."""
    parts = field.mapping(*FIELDS, instead=_WRONG_NAMES)
    peers: list[Peer] = []
    what = _selected(parts, namespace)
    but = read_not_things(parts["notSelector"]) if _says(parts, "notSelector") else None
    if what is not None:
        peers.append(taken(what if but is None else all_of([what, negation(but)])))
    elif but is not None:
        peers.append(Not(taken(but)))
    nets = _nets(parts["nets"]) if "nets" in parts else ()
    but_nets = _nets(parts["notNets"], negated=True) if "notNets" in parts else ()
    if nets:
        peers.append(AnyOf(tuple(map(_block, nets))))
    if but_nets:
        peers += [_of_versions({_version(net) for net in but_nets}), Not(AnyOf(tuple(map(_block, but_nets))))]
    service = _service(parts["services"], parts) if "services" in parts else None
    return Entity(
        tuple(peers),
        read_ports(parts["ports"], protocol, number) or None if "ports" in parts else None,
        read_ports(parts["notPorts"], protocol, number) if "notPorts" in parts else (),
        service,
        frozenset(map(_version, (*nets, *but_nets))),
    )


def _says(parts: dict[str, Field], name: str) -> bool:
    """Whether a field is there, and more than an empty text."""
    return name in parts and parts[name].value != ""


def _selected(parts: dict[str, Field], namespace: str) -> Expression | None:
    """What its selectors ask of a thing together; None where it has none."""
    found: list[Expression] = []
    if _says(parts, "namespaceSelector"):
        found.append(read_rule_namespaces(parts["namespaceSelector"]))
    accounts = _accounts(parts["serviceAccounts"]) if "serviceAccounts" in parts else None
    if accounts is not None:
        found.append(accounts)
    if _says(parts, "selector"):
        found.append(read_things(parts["selector"]))
    own = namespace and not _says(parts, "namespaceSelector")
    if own and (found or _says(parts, "notSelector")):
        found.insert(0, in_namespace(namespace))
    return all_of(found) if found else None


def _accounts(field: Field) -> Expression | None:
    """``names`` and ``selector``, which both must hold; None where neither is given."""
    parts = field.mapping("names", "selector")
    names = [entry.text() for entry in parts["names"].elements()] if "names" in parts else []
    if len(set(names)) < len(names):
        parts["names"].report("has an entry twice", "leave one out")
    found: list[Expression] = []
    if _says(parts, "selector"):
        found.append(read_rule_accounts(parts["selector"]))
    if names:
        found.append(with_accounts(frozenset(name for name in names if name)))
    return all_of(found) if found else None


def _nets(field: Field, *, negated: bool = False) -> tuple[str, ...]:
    """CIDRs, as the API server takes them: without host bits, each once."""
    entries = field.elements()
    if len(entries) > _MOST_NETS:
        field.report(f"has more than {_MOST_NETS} entries", "make them two rules, or a NetworkSet")
    if len({str(entry.value) for entry in entries}) < len(entries):
        field.report("has an entry twice", "leave one out")
    found = []
    for entry in entries:
        cidr = read_cidr(entry)
        if cidr is None:
            continue
        address = entry.value.partition("/")[0]
        if without_leading_zeros(address) != address:
            entry.report("has a zero before a number, which Calico does not read", f"write {cidr}")
        elif str(cidr.network_address) != str(ipaddress.ip_address(address)):
            entry.report("has bits set beyond its prefix", f"write {cidr}")
        if negated and cidr.prefixlen == 0:
            entry.report("is every address, so the rule would match nothing", "leave it out")
        found.append(str(cidr))
    return tuple(found)


def _service(field: Field, beside: dict[str, Field]) -> tuple[str, str]:
    """Namespace and name."""
    for name in _NOT_BESIDE_SERVICES:
        if _says(beside, name) and (beside[name].value != [] or name == "serviceAccounts"):
            beside[name].report("may not stand beside services", "make them two rules")
    parts = field.mapping("name", "namespace", required=("name",))
    found = {}
    for name, part in parts.items():
        found[name] = part.text() or ""
        if (found[name] or name == "name") and (fault := name_fault(found[name])):
            part.report(fault)
    return found.get("namespace", ""), found.get("name", "")


def _block(cidr: str) -> Peer:
    return AddressBlock(cidr, may_match_pods=True)


def _version(cidr: str) -> int:
    return 6 if ":" in cidr else 4


def _of_versions(versions: set[int]) -> Peer:
    return AnyOf(tuple(Where(Family(version)) for version in sorted(versions)))


def together(peers: tuple[Peer, ...]) -> Peer:
    """All of them."""
    return peers[0] if len(peers) == 1 else AllOf(peers)
