"""Peers in words, for those of which no text is kept: of Kubernetes' policies, and such as a plugin adds."""

from __future__ import annotations

from flowcheck.explaining.words import PLANES, block_text, query_text, requirement_text, selector_text
from flowcheck.model.peers import (
    Account,
    AddressBlock,
    AllOf,
    AnyOf,
    Anyone,
    Backends,
    Called,
    Carries,
    DomainNames,
    Expression,
    Family,
    InSets,
    IsA,
    Kind,
    Labelled,
    NodeQuery,
    Not,
    Of,
    Peer,
    PodQuery,
    Presents,
    ServicePods,
    Where,
)

_KINDS = {
    Kind.POD: "pods",
    Kind.NODE: "nodes",
    Kind.OWN_NODE: "the pod's own node",
    Kind.OUTSIDE: "addresses outside the cluster",
}
_WHOSE = {Of.OWN: "", Of.NAMESPACE: "namespace ", Of.ACCOUNT: "service account "}


def peer_text(peer: Peer) -> str:
    match peer:
        case PodQuery():
            return query_text(peer)
        case Where(what):
            return expression_text(what)
        case AddressBlock():
            return block_text(peer)
        case InSets(what):
            return f"sets of addresses with {expression_text(what)}"
        case NodeQuery(nodes):
            return f"nodes with {selector_text(nodes)}" if nodes.requirements else "all nodes"
        case DomainNames(names):
            return f"domain names {', '.join(names)}"
        case Backends(namespace, name):
            return f"addresses behind Service {namespace}/{name}"
        case ServicePods(namespace, name):
            return f"pods of Service {namespace or '*'}/{name or '*'}"
        case Anyone():
            return "everyone (the rule has a peer of an unknown kind and fails closed)"
        case AllOf(parts):
            return " and ".join(map(_within, parts)) or "everyone"
        case AnyOf(parts):
            return " or ".join(map(_within, parts)) or "nobody"
        case Not(part):
            return f"not {_within(part)}"


def _within(peer: Peer) -> str:
    text = peer_text(peer)
    return f"({text})" if isinstance(peer, AllOf | AnyOf) and len(peer.parts) > 1 else text


def expression_text(what: Expression) -> str:
    match what:
        case IsA(kind):
            return _KINDS[kind]
        case Family(version):
            return f"IPv{version}"
        case Labelled(of, clause):
            return _WHOSE[of] + requirement_text(clause)
        case Account(names):
            return f"service account {' or '.join(sorted(names))}"
        case Called(name, namespace):
            return f"the name {namespace}/{name}" if namespace else f"the name {name}"
        case Carries(plane, default):
            text = f"a pod whose traffic {PLANES[plane]} carries"
            if default is None:
                return text
            asking = ", ".join(map(str, sorted(default.identified)))
            return f"{text}, by default {default.access}{asking and f', with an identity at {asking}'}"
        case Not(Presents(".*")):
            return "a client without an identity"
        case Presents(pattern):
            return "any identity" if pattern == ".*" else f"an identity like {pattern}"
        case AllOf(parts):
            return ", ".join(map(_inner, parts)) or "everything"
        case AnyOf(parts):
            return " or ".join(map(_inner, parts)) or "nothing"
        case Not(part):
            return f"not {_inner(part)}"


def _inner(what: Expression) -> str:
    text = expression_text(what)
    return f"({text})" if isinstance(what, AllOf | AnyOf) and len(what.parts) > 1 else text
