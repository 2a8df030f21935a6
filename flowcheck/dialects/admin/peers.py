"""One entry of ``from`` or ``to``: namespaces, pods, networks, nodes or domain names."""

from __future__ import annotations

import re
from difflib import get_close_matches

from flowcheck.dialects.admin.form import OUTSIDE, Form, elements, exactly_one, read_labels
from flowcheck.manifests.blocks import read_cidr
from flowcheck.manifests.fields import Field
from flowcheck.model.labels import EVERYTHING, Selector
from flowcheck.model.policy import Action, AddressBlock, Direction, DomainNames, NodeQuery, Peer, PodQuery

_DOMAIN_LABEL = r"[A-z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?"
_DOMAIN = re.compile(rf"(\*\.)?({_DOMAIN_LABEL}\.)+{_DOMAIN_LABEL}\.?")
_MAX_NETWORKS = 25
_ANY_NETWORK = ("0.0.0.0/0", "::/0")


def read_peer(entry: Field, direction: Direction, action: Action, form: Form) -> tuple[Peer, ...] | None:
    """One entry of ``from`` or ``to``: exactly one kind of peer. None where the kind is unknown."""
    known = form.egress_peers if direction is Direction.EGRESS else ("namespaces", "pods")
    given = [name for name, field in entry.entries().items() if field.value is not None]
    if given and not any(get_close_matches(name, (*known, *OUTSIDE), 1) for name in given):
        entry.warn("a peer of an unknown kind: the rule fails closed")
        return None
    chosen = exactly_one(entry, *known)
    if chosen is None:
        return ()
    name, value = chosen
    match name:
        case "namespaces":
            return (PodQuery(namespaces=_namespaces(value, form), whole=True),)
        case "pods":
            return (read_pods(value, form),)
        case "networks":
            return tuple(AddressBlock(cidr, may_match_pods=True) for cidr in _networks(value, form))
        case "nodes":
            return (NodeQuery(read_labels(value)),)
        case _:
            if action is not Action.ALLOW:
                value.doubt("may stand in rules that allow only")
            return (DomainNames(_domains(value), deep=True),)


def _namespaces(field: Field, form: Form) -> Selector:
    """A selector; in v0.1.1 of the API it stood one level deeper, beside two that cannot be read."""
    old = {"namespaceSelector", "sameLabels", "notSameLabels"}
    if not (form.is_old and isinstance(field.value, dict) and old & set(field.value)):
        return read_labels(field)
    chosen = exactly_one(field, "namespaceSelector", "sameLabels", "notSameLabels")
    if chosen is not None and chosen[0] != "namespaceSelector":
        chosen[1].report("is not in the API any more", "write the namespaces as a selector")
        return EVERYTHING
    return read_labels(chosen[1]) if chosen is not None else EVERYTHING


def read_pods(field: Field, form: Form) -> PodQuery:
    """``podSelector`` in ``namespaceSelector``, which v1alpha2 may leave out for every namespace."""
    if form.is_old and isinstance(field.value, dict) and "namespaces" in field.value:
        parts = field.mapping("namespaces", "podSelector", required=("namespaces", "podSelector"))
        namespaces = _namespaces(parts["namespaces"], form) if "namespaces" in parts else EVERYTHING
    else:
        required = ("namespaceSelector", "podSelector") if form.is_old else ("podSelector",)
        parts = field.mapping("namespaceSelector", "podSelector", required=required)
        given = parts.get("namespaceSelector")
        namespaces = read_labels(given) if given is not None else EVERYTHING
    pods = read_labels(parts["podSelector"]) if "podSelector" in parts else EVERYTHING
    return PodQuery(namespaces=namespaces, pods=pods)


def _networks(field: Field, form: Form) -> list[str]:
    """CIDRs. Of v1alpha1 there are CRDs that take any text with a ``:`` or a ``.`` in it."""
    found: list[str] = []
    for entry in elements(field, 1, _MAX_NETWORKS):
        text = entry.value if form.is_old and isinstance(entry.value, str) else ""
        cidr = read_cidr(entry, doubtful=(":" in text) != ("." in text))
        found += _ANY_NETWORK if cidr is None else (str(cidr),)
    return found


def _domains(field: Field) -> tuple[str, ...]:
    names = []
    for entry in elements(field, 1, _MAX_NETWORKS):
        name = entry.text() or ""
        if not _DOMAIN.fullmatch(name):
            entry.report("is not a domain name, or one that begins with '*.'")
        names.append(name)
    return tuple(names)
