"""The admin tiers: AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy.

The kinds share their form: ordered rules with an action and no isolation, so that what no rule
matches falls through to the next tier. They differ in these:

    kind                          tier         action             ports field   priority
    AdminNetworkPolicy            Admin        Allow Deny Pass    ports         spec.priority
    BaselineAdminNetworkPolicy    Baseline     Allow Deny         ports         0 (there is one)
    ClusterNetworkPolicy          spec.tier    Accept Deny Pass   protocols     spec.priority

A rule needs at least one peer here. A peer of a kind that is unknown, because a newer API has it,
fails closed as the API demands: an allow rule with one matches nothing, a deny or pass rule denies
everyone. A name that is nearly a known one is a typing error and is refused.

A CRD takes more than any library reads: selectors that are none, any text as the name of a port, named ports
beside networks, domain names in rules that do not allow. A rule with such a thing is ``unread``, with the
most it may be about as its peers and ports; so is a policy whose subject is such.

Source: policy.networking.k8s.io/v1alpha1, v1alpha2 and v1beta1 (which has the shape of v1alpha2, and is what
a server with both stores and prints), types and CRDs of both channels; the peers of v0.1.1
(``namespaces: {namespaceSelector: ...}``) are read too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches

from flowcheck.manifests.blocks import read_cidr
from flowcheck.manifests.documents import Document
from flowcheck.manifests.fields import Field
from flowcheck.manifests.selectors import read_selector
from flowcheck.manifests.validation import port_name_fault
from flowcheck.model.labels import EVERYTHING, Selector
from flowcheck.model.policy import (
    Action,
    AddressBlock,
    Anyone,
    Direction,
    DomainNames,
    NamedPort,
    NodeQuery,
    Peer,
    PodQuery,
    Policy,
    PortRange,
    Ports,
    Rule,
    Tier,
)
from flowcheck.model.protocols import PROTOCOLS

GROUP = "policy.networking.k8s.io"
_DOMAIN_LABEL = r"[A-z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?"
_DOMAIN = re.compile(rf"(\*\.)?({_DOMAIN_LABEL}\.)+{_DOMAIN_LABEL}\.?")
_MAX_NETWORKS = 25
_OUTSIDE = ("networks", "nodes", "domainNames")
_ANY_NETWORK = ("0.0.0.0/0", "::/0")
_ANY_PORT = tuple(PortRange(protocol) for protocol in PROTOCOLS.values())


@dataclass(frozen=True, slots=True)
class _Form:
    """What tells one kind from another. ``limit`` is the most rules, peers or ports in one list."""

    versions: tuple[str, ...]
    spec: tuple[str, ...]
    actions: dict[str, Action]
    ports: str
    limit: int
    egress_peers: tuple[str, ...] = ("namespaces", "pods", *_OUTSIDE)

    @property
    def is_old(self) -> bool:
        return "v1alpha1" in self.versions


_RULES = ("subject", "ingress", "egress")
_V1ALPHA1 = {"Allow": Action.ALLOW, "Deny": Action.DENY, "Pass": Action.PASS}
_BASELINE = {"Allow": Action.ALLOW, "Deny": Action.DENY}
_V1ALPHA2 = {"Accept": Action.ALLOW, "Deny": Action.DENY, "Pass": Action.PASS}
_ANP = _Form(("v1alpha1",), ("priority", *_RULES), _V1ALPHA1, "ports", 100)
_BANP = _Form(("v1alpha1",), _RULES, _BASELINE, "ports", 100, ("namespaces", "pods", "networks", "nodes"))
_CNP = _Form(("v1alpha2", "v1beta1"), ("tier", "priority", *_RULES), _V1ALPHA2, "protocols", 25)


def read_admin_network_policy(document: Document) -> Policy:
    """v1alpha1 AdminNetworkPolicy: the Admin tier."""
    return _read(document, _ANP, Tier.ADMIN)


def read_baseline_admin_network_policy(document: Document) -> Policy:
    """v1alpha1 BaselineAdminNetworkPolicy: the Baseline tier; the cluster has one, named ``default``."""
    if document.name not in ("", "default"):
        document.report("must be named default", path="metadata.name")
    return replace(_read(document, _BANP, Tier.BASELINE), name="default")


def read_cluster_network_policy(document: Document) -> Policy:
    """v1alpha2 and v1beta1 ClusterNetworkPolicy: the tier that ``spec.tier`` names."""
    return _read(document, _CNP, None)


def _read(document: Document, form: _Form, tier: Tier | None) -> Policy:
    if document.api_version not in [f"{GROUP}/{version}" for version in form.versions]:
        document.report(
            "is of a version that is not read", f"write {GROUP}/{form.versions[0]}", path="apiVersion"
        )
    document.namespace = ""
    top = document.root().mapping("apiVersion", "kind", "metadata", "spec", "status", required=("spec",))
    needed = tuple(name for name in form.spec if name not in ("ingress", "egress"))
    spec = top["spec"].mapping(*form.spec, required=needed) if "spec" in top else {}
    if tier is None:
        name = spec["tier"].one_of("Admin", "Baseline") if "tier" in spec else None
        tier = Tier.BASELINE if name == "Baseline" else Tier.ADMIN
    subject = _subject(spec["subject"], form) if "subject" in spec else PodQuery(namespaces=EVERYTHING)
    unread = document.doubts > 0
    return Policy(
        document.kind,
        "",
        document.name,
        tier,
        subject,
        (spec["priority"].number(0, 1000) or 0) if "priority" in spec else 0,
        ingress=_rules(spec.get("ingress"), Direction.INGRESS, form),
        egress=_rules(spec.get("egress"), Direction.EGRESS, form),
        source=document.source,
        unread=unread,
    )


def _subject(field: Field, form: _Form) -> PodQuery:
    """Exactly one of ``namespaces`` (a selector; empty is all) and ``pods``."""
    chosen = _exactly_one(field, "namespaces", "pods")
    if chosen is None:
        return PodQuery(namespaces=EVERYTHING)
    name, value = chosen
    return PodQuery(namespaces=_selector(value)) if name == "namespaces" else _pods(value, form)


def _selector(field: Field) -> Selector:
    return read_selector(field, Field.doubt)


def _rules(field: Field | None, direction: Direction, form: _Form) -> tuple[Rule, ...]:
    if field is None:
        return ()
    entries = _elements(field, 0, form.limit)
    return tuple(_rule(entry, direction, f"{direction}[{n}]", form) for n, entry in enumerate(entries))


def _rule(entry: Field, direction: Direction, label: str, form: _Form) -> Rule:
    """Exactly as its peers, ports and action say, unless a peer is of an unknown kind."""
    doubts = entry.complaints.doubts
    side = "from" if direction is Direction.INGRESS else "to"
    parts = entry.mapping("name", "action", side, form.ports, required=("action", side))
    if "name" in parts and len(parts["name"].text() or "") > 100:
        parts["name"].report("has more than 100 characters")
    word = parts["action"].one_of(*form.actions) if "action" in parts else None
    action = form.actions.get(word or "", Action.DENY)
    entries = _elements(parts[side], 1, form.limit) if side in parts else []
    ports = _ports(parts[form.ports], form) if form.ports in parts else None
    _check_named_ports(entry, entries, ports, form)
    if entry.complaints.doubts > doubts:
        ports = _ANY_PORT
    peers = [_peer(one, direction, action, form) for one in entries]
    unread = entry.complaints.doubts > doubts
    if None in peers:
        if action is Action.ALLOW:
            return Rule(label, action, (), ports, entry.source, unread)
        return Rule(label, Action.DENY, (Anyone(),), None, entry.source, unread)
    return Rule(label, action, tuple(p for group in peers for p in group or ()), ports, entry.source, unread)


def _check_named_ports(
    entry: Field, peers: list[Field], ports: tuple[Ports, ...] | None, form: _Form
) -> None:
    """A named port has no meaning where a peer is no pod. Source: CEL rules of the experimental CRDs.

    The standard CRD of v1alpha2 has the named port and ``networks`` but not the rule.
    """
    if not any(isinstance(port, NamedPort) for port in ports or ()):
        return
    kinds = {
        kind for peer in peers if isinstance(peer.value, dict) for kind in peer.value if kind in _OUTSIDE
    }
    if kinds == {"networks"} and not form.is_old:
        entry.doubt("has a named port beside networks")
    elif kinds:
        entry.report("has a named port beside networks, nodes or domainNames", "make them two rules")


def _peer(entry: Field, direction: Direction, action: Action, form: _Form) -> tuple[Peer, ...] | None:
    """One entry of ``from`` or ``to``: exactly one kind of peer. None where the kind is unknown."""
    known = form.egress_peers if direction is Direction.EGRESS else ("namespaces", "pods")
    given = [name for name, field in entry.entries().items() if field.value is not None]
    if given and not any(get_close_matches(name, (*known, *_OUTSIDE), 1) for name in given):
        entry.warn("a peer of an unknown kind: the rule fails closed")
        return None
    chosen = _exactly_one(entry, *known)
    if chosen is None:
        return ()
    name, value = chosen
    match name:
        case "namespaces":
            return (PodQuery(namespaces=_namespaces(value, form)),)
        case "pods":
            return (_pods(value, form),)
        case "networks":
            return tuple(AddressBlock(cidr, may_match_pods=True) for cidr in _networks(value, form))
        case "nodes":
            return (NodeQuery(_selector(value)),)
        case _:
            if action is not Action.ALLOW:
                value.doubt("may stand in rules that allow only")
            return (DomainNames(_domains(value)),)


def _namespaces(field: Field, form: _Form) -> Selector:
    """A selector; in v0.1.1 of the API it stood one level deeper, beside two that cannot be read."""
    old = {"namespaceSelector", "sameLabels", "notSameLabels"}
    if not (form.is_old and isinstance(field.value, dict) and old & set(field.value)):
        return _selector(field)
    chosen = _exactly_one(field, "namespaceSelector", "sameLabels", "notSameLabels")
    if chosen is not None and chosen[0] != "namespaceSelector":
        chosen[1].report("is not in the API any more", "write the namespaces as a selector")
        return EVERYTHING
    return _selector(chosen[1]) if chosen is not None else EVERYTHING


def _pods(field: Field, form: _Form) -> PodQuery:
    """``podSelector`` in ``namespaceSelector``, which v1alpha2 may leave out for every namespace."""
    if form.is_old and isinstance(field.value, dict) and "namespaces" in field.value:
        parts = field.mapping("namespaces", "podSelector", required=("namespaces", "podSelector"))
        namespaces = _namespaces(parts["namespaces"], form) if "namespaces" in parts else EVERYTHING
    else:
        required = ("namespaceSelector", "podSelector") if form.is_old else ("podSelector",)
        parts = field.mapping("namespaceSelector", "podSelector", required=required)
        given = parts.get("namespaceSelector")
        namespaces = _selector(given) if given is not None else EVERYTHING
    pods = _selector(parts["podSelector"]) if "podSelector" in parts else EVERYTHING
    return PodQuery(namespaces=namespaces, pods=pods)


def _networks(field: Field, form: _Form) -> list[str]:
    """CIDRs. Of v1alpha1 there are CRDs that take any text with a ``:`` or a ``.`` in it."""
    found: list[str] = []
    for entry in _elements(field, 1, _MAX_NETWORKS):
        text = entry.value if form.is_old and isinstance(entry.value, str) else ""
        cidr = read_cidr(entry, doubtful=(":" in text) != ("." in text))
        found += _ANY_NETWORK if cidr is None else (str(cidr),)
    return found


def _domains(field: Field) -> tuple[str, ...]:
    names = []
    for entry in _elements(field, 1, _MAX_NETWORKS):
        name = entry.text() or ""
        if not _DOMAIN.fullmatch(name):
            entry.report("is not a domain name, or one that begins with '*.'")
        names.append(name)
    return tuple(names)


def _ports(field: Field, form: _Form) -> tuple[Ports, ...]:
    read = _old_port if form.is_old else _protocol
    found = [read(entry) for entry in _elements(field, 1, form.limit)]
    return tuple(port for port in found if port is not None)


def _old_port(entry: Field) -> Ports | None:
    """v1alpha1 AdminNetworkPolicyPort. Its protocol is any text; one that has no ports matches nothing."""
    chosen = _exactly_one(entry, "portNumber", "portRange", "namedPort")
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
    chosen = _exactly_one(entry, "tcp", "udp", "sctp", "destinationNamedPort")
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
    chosen = _exactly_one(parts["destinationPort"], "number", "range")
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


def _elements(field: Field, least: int, most: int) -> list[Field]:
    """The elements of a list that the API bounds; unlike in NetworkPolicy an empty list may be wrong."""
    found = field.elements()
    if isinstance(field.value, list) and not least <= len(field.value) <= most:
        field.report(f"must have {least} to {most} entries")
    return found


def _exactly_one(field: Field, *known: str) -> tuple[str, Field] | None:
    """The one field given of those; anything else is reported."""
    before = len(field.complaints.problems)
    given = field.mapping(*known)
    if len(given) == 1:
        return next(iter(given.items()))
    if len(field.complaints.problems) == before:
        field.report(f"needs exactly one of {', '.join(known)}")
    return None
