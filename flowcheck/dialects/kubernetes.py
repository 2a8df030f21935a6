"""NetworkPolicy -> :class:`flowcheck.model.policy.Policy`.

What is absent, and what it means (null is absent; an empty list is the same as absent, except that
``egress: []`` is still no egress rule):

    podSelector             every pod of the namespace
    policyTypes             Ingress, and Egress if there is an egress rule
    ingress, egress         no rule: nothing is let in (out), if policyTypes has the direction
    from, to                everyone, external addresses too
    ports                   every protocol and port; but an entry ``{}`` is all ports of TCP
    protocol                TCP
    port                    every port of that protocol

In a peer, podSelector alone means pods of the policy's namespace, namespaceSelector alone all pods of
those namespaces, both together pods of those namespaces.

Source: networking.k8s.io/v1 NetworkPolicySpec, its defaults and its validation; extensions/v1beta1
has the same shape.
"""

from __future__ import annotations

from dataclasses import replace

from flowcheck.dialects.shared import PEERS, check_version, read_top
from flowcheck.manifests.alike import read_once
from flowcheck.manifests.blocks import read_cidr
from flowcheck.manifests.documents import Document
from flowcheck.manifests.fields import Field
from flowcheck.manifests.selectors import read_selector
from flowcheck.manifests.validation import DEFAULT_NAMESPACE, port_name_fault
from flowcheck.model.labels import EVERYTHING
from flowcheck.model.peers import AnyOf, Where
from flowcheck.model.policy import (
    Action,
    AddressBlock,
    Direction,
    NamedPort,
    Peer,
    PodQuery,
    Policy,
    PortRange,
    Ports,
    Rule,
    Tier,
)
from flowcheck.model.protocols import PROTOCOLS

VERSIONS = ("networking.k8s.io/v1", "extensions/v1beta1")
STAGED_VERSIONS = ("projectcalico.org/v3", "crd.projectcalico.org/v1")
_ACTIONS = ("Set", "Delete", "Learn", "Ignore")
_SPEC = ("podSelector", "policyTypes", "ingress", "egress")
_INSTEAD = {"from": {"to": "from"}, "to": {"from": "to"}}
"""By the field of a rule that names its peers: the one that people write in its place."""
_TYPES = {"Ingress": Direction.INGRESS, "Egress": Direction.EGRESS}


def read_network_policy(document: Document) -> Policy:
    """One NetworkPolicy. Rules of a direction that policyTypes leaves out have no effect and stand
    apart."""
    check_version(document, VERSIONS)
    return _read(document, _SPEC)


def read_staged_network_policy(document: Document) -> Policy:
    """Calico's StagedKubernetesNetworkPolicy (projectcalico.org/v3): one that is only previewed. Nobody fills
    in its policyTypes: without, it is for ingress alone. Where it stands for a deletion it selects nobody, as
    Calico's own preview leaves it out."""
    check_version(document, STAGED_VERSIONS)
    policy = replace(_read(document, (*_SPEC, "stagedAction")), staged=True)
    root = document.root()
    spec = root.child("spec").entries() if isinstance(root.value, dict) and root.value.get("spec") else {}
    given = {name for name, field in spec.items() if field.value is not None}
    if "policyTypes" not in given:
        policy = replace(policy, isolates=frozenset({Direction.INGRESS}), egress=())
    action = spec["stagedAction"].one_of(*_ACTIONS) if "stagedAction" in given else "Set"
    if action != "Delete":
        return policy
    return replace(policy, subject=Where(AnyOf(())), isolates=frozenset(), ingress=(), egress=())


def _read(document: Document, known: tuple[str, ...]) -> Policy:
    namespace = document.namespace or DEFAULT_NAMESPACE
    top = read_top(document)
    spec: dict[str, Field] = {}
    if "spec" in top:
        spec = top["spec"].mapping(*known)
    else:
        document.warn("has no spec, so it denies all ingress to every pod of its namespace")
    rules = {direction: _rules(spec.get(direction.value), direction, namespace) for direction in Direction}
    isolates = _isolates(spec.get("policyTypes"), bool(rules[Direction.EGRESS]))
    beside = {one: found for one, found in rules.items() if found and one not in isolates}
    for direction in beside:
        spec[direction.value].warn(f"these rules have no effect: policyTypes has no {direction.title()}")
        rules[direction] = ()
    selector = read_selector(spec["podSelector"]) if "podSelector" in spec else EVERYTHING
    return Policy(
        document.kind,
        namespace,
        document.name,
        Tier.NETWORK_POLICY,
        PodQuery(namespace=namespace, pods=selector),
        isolates=isolates,
        ingress=rules[Direction.INGRESS],
        egress=rules[Direction.EGRESS],
        source=document.source,
        beside_types=tuple(beside.items()),
    )


def _isolates(field: Field | None, has_egress: bool) -> frozenset[Direction]:
    """policyTypes; where it is absent or empty: Ingress always, Egress if there is an egress rule."""
    types = field.elements() if field is not None else []
    if not types:
        return frozenset(Direction) if has_egress else frozenset({Direction.INGRESS})
    if field is not None and len(types) > 2:
        field.report("has more than two entries")
    names = [entry.one_of(*_TYPES) for entry in types]
    return frozenset(_TYPES[name] for name in names if name is not None)


def _rules(field: Field | None, direction: Direction, namespace: str) -> tuple[Rule, ...]:
    if field is None:
        return ()
    return tuple(
        _rule(entry, f"{direction}[{place}]", PEERS[direction], namespace)
        for place, entry in enumerate(field.elements())
    )


def _rule(entry: Field, label: str, peers_name: str, namespace: str) -> Rule:
    parts = entry.mapping(peers_name, "ports", instead=_INSTEAD[peers_name])
    peers = parts[peers_name].elements() if peers_name in parts else []
    ports = parts["ports"].elements() if "ports" in parts else []
    return Rule(
        label,
        Action.ALLOW,
        tuple(peer for p in peers if (peer := _peer(p, _own(p, namespace))) is not None) if peers else None,
        tuple(port for p in ports if (port := _port(p)) is not None) if ports else None,
        entry.source,
    )


def _own(entry: Field, namespace: str) -> str:
    """The policy's namespace for a peer that may hang on it; else none, so that equal ones are read once."""
    names_others = isinstance(entry.value, dict) and entry.value.get("namespaceSelector") is not None
    return "" if names_others else namespace


@read_once
def _peer(entry: Field, namespace: str) -> Peer | None:
    """podSelector, namespaceSelector or both, or ipBlock alone. A selector that is null is not given."""
    parts = entry.mapping("podSelector", "namespaceSelector", "ipBlock")
    if "ipBlock" in parts:
        if len(parts) > 1:
            entry.report("has ipBlock and a selector", "make them two entries")
        return _block(parts["ipBlock"])
    if not parts:
        if isinstance(entry.value, dict) and all(value is None for value in entry.value.values()):
            hint = "write podSelector: {} for every pod of the namespace, or leave out the list"
            entry.report("is empty", hint)
        return None
    pods = read_selector(parts["podSelector"]) if "podSelector" in parts else EVERYTHING
    if "namespaceSelector" in parts:
        return PodQuery(namespaces=read_selector(parts["namespaceSelector"]), pods=pods)
    return PodQuery(namespace=namespace, pods=pods)


def _block(field: Field) -> AddressBlock | None:
    """A CIDR, and CIDRs strictly inside it that are left out; host bits are cleared."""
    parts = field.mapping("cidr", "except", required=("cidr",))
    cidr = read_cidr(parts["cidr"]) if "cidr" in parts else None
    excepts = []
    for entry in parts["except"].elements() if "except" in parts else []:
        inner = read_cidr(entry)
        if inner is None or cidr is None:
            continue
        inside = inner.version == cidr.version and inner.network_address in cidr
        if not inside or inner.prefixlen <= cidr.prefixlen:
            entry.report("must lie strictly inside cidr")
        excepts.append(str(inner))
    return AddressBlock(str(cidr), tuple(excepts)) if cidr is not None else None


@read_once
def _port(entry: Field) -> Ports | None:
    """A protocol, with a number, a range up to endPort, a container port's name, or all its ports."""
    parts = entry.mapping("protocol", "port", "endPort")
    name = parts["protocol"].one_of(*PROTOCOLS) if "protocol" in parts else "TCP"
    protocol = PROTOCOLS[name or "TCP"]
    port, end = parts.get("port"), parts.get("endPort")
    if port is None:
        if end is not None:
            end.report("needs port")
        return PortRange(protocol)
    if isinstance(port.value, str):
        if fault := port_name_fault(port.value):
            port.report(fault, "write the number without quotes" if port.value.isdigit() else "")
        if end is not None:
            end.report("needs a port that is a number")
        return NamedPort(port.value, protocol)
    first = port.number(1, 65535)
    last = end.number(1, 65535) if end is not None else first
    if first is None or last is None:
        return None
    if end is not None and last < first:
        end.report("must not be less than port")
    return PortRange(protocol, first, last)
