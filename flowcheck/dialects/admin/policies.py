"""The three kinds as policies: subject, tier, priority, and rules in their order."""

from __future__ import annotations

from dataclasses import replace

from flowcheck.dialects.admin.form import OUTSIDE, Form, elements, exactly_one, read_labels
from flowcheck.dialects.admin.peers import read_peer, read_pods
from flowcheck.dialects.admin.ports import read_ports
from flowcheck.dialects.shared import PEERS, check_version, read_top
from flowcheck.manifests.documents import Document
from flowcheck.manifests.fields import Field
from flowcheck.model.labels import EVERYTHING
from flowcheck.model.policy import (
    Action,
    Anyone,
    Direction,
    NamedPort,
    PodQuery,
    Policy,
    PortRange,
    Ports,
    Rule,
    Tier,
)
from flowcheck.model.protocols import PROTOCOLS

GROUP = "policy.networking.k8s.io"
_ANY_PORT = tuple(PortRange(protocol) for protocol in PROTOCOLS.values())

_RULES = ("subject", "ingress", "egress")
_V1ALPHA1 = {"Allow": Action.ALLOW, "Deny": Action.DENY, "Pass": Action.PASS}
_BASELINE = {"Allow": Action.ALLOW, "Deny": Action.DENY}
_V1ALPHA2 = {"Accept": Action.ALLOW, "Deny": Action.DENY, "Pass": Action.PASS}
_ANP = Form(("v1alpha1",), ("priority", *_RULES), _V1ALPHA1, "ports", 100)
_BANP = Form(("v1alpha1",), _RULES, _BASELINE, "ports", 100, ("namespaces", "pods", "networks", "nodes"))
_CNP = Form(("v1alpha2", "v1beta1"), ("tier", "priority", *_RULES), _V1ALPHA2, "protocols", 25)


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


def _read(document: Document, form: Form, tier: Tier | None) -> Policy:
    check_version(document, [f"{GROUP}/{version}" for version in form.versions])
    document.namespace = ""
    top = read_top(document, required=("spec",))
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


def _subject(field: Field, form: Form) -> PodQuery:
    """Exactly one of ``namespaces`` (a selector; empty is all) and ``pods``."""
    chosen = exactly_one(field, "namespaces", "pods")
    if chosen is None:
        return PodQuery(namespaces=EVERYTHING)
    name, value = chosen
    return PodQuery(namespaces=read_labels(value)) if name == "namespaces" else read_pods(value, form)


def _rules(field: Field | None, direction: Direction, form: Form) -> tuple[Rule, ...]:
    if field is None:
        return ()
    entries = elements(field, 0, form.limit)
    return tuple(_rule(entry, direction, f"{direction}[{n}]", form) for n, entry in enumerate(entries))


def _rule(entry: Field, direction: Direction, label: str, form: Form) -> Rule:
    """Exactly as its peers, ports and action say, unless a peer is of an unknown kind."""
    doubts = entry.complaints.doubts
    side = PEERS[direction]
    parts = entry.mapping("name", "action", side, form.ports, required=("action", side))
    if "name" in parts and len(parts["name"].text() or "") > 100:
        parts["name"].report("has more than 100 characters")
    word = parts["action"].one_of(*form.actions) if "action" in parts else None
    action = form.actions.get(word or "", Action.DENY)
    entries = elements(parts[side], 1, form.limit) if side in parts else []
    ports = read_ports(parts[form.ports], form) if form.ports in parts else None
    _check_named_ports(entry, entries, ports, form)
    if entry.complaints.doubts > doubts:
        ports = _ANY_PORT
    peers = [read_peer(one, direction, action, form) for one in entries]
    unread = entry.complaints.doubts > doubts
    if None in peers:
        if action is Action.ALLOW:
            return Rule(label, action, (), ports, entry.source, unread)
        return Rule(label, Action.DENY, (Anyone(),), None, entry.source, unread)
    return Rule(label, action, tuple(p for group in peers for p in group or ()), ports, entry.source, unread)


def _check_named_ports(entry: Field, peers: list[Field], ports: tuple[Ports, ...] | None, form: Form) -> None:
    """A named port has no meaning where a peer is no pod. Source: CEL rules of the experimental CRDs.

    The standard CRD of v1alpha2 has the named port and ``networks`` but not the rule.
    """
    if not any(isinstance(port, NamedPort) for port in ports or ()):
        return
    kinds = {kind for peer in peers if isinstance(peer.value, dict) for kind in peer.value if kind in OUTSIDE}
    if kinds == {"networks"} and not form.is_old:
        entry.doubt("has a named port beside networks")
    elif kinds:
        entry.report("has a named port beside networks, nodes or domainNames", "make them two rules")
