"""What selectors and entities stand for: pods, nodes, the world, as expressions and peers of the model.

Cilium's identities that no object of a cluster shows (health, ingress, init, unmanaged) stand for nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flowcheck.dialects.cilium.context import Context
from flowcheck.dialects.cilium.selectors import (
    ACCOUNT,
    CLUSTER,
    KUBERNETES,
    POD_NAMESPACE,
    POSITIVE,
    RESERVED,
    Clause,
    has_reserved,
    is_namespace,
)
from flowcheck.model.labels import EVERYTHING, Operator, Requirement, Selector
from flowcheck.model.peers import (
    Account,
    AllOf,
    AnyOf,
    Anyone,
    Backends,
    Expression,
    Family,
    IsA,
    Kind,
    Labelled,
    Not,
    Of,
    Peer,
    PodQuery,
    Subject,
    Where,
)

NOBODY = Where(AnyOf(()))
_ALL: Expression = AllOf(())
_NONE: Expression = AnyOf(())
_POD, _NODE, _OWN_NODE, _OUTSIDE = map(IsA, (Kind.POD, Kind.NODE, Kind.OWN_NODE, Kind.OUTSIDE))
_REMOTE_NODE: Expression = AllOf((_NODE, Not(_OWN_NODE)))
_API_SERVER: Peer = Backends("default", "kubernetes")

_OF_NO_FAMILY: Expression = AllOf((_OUTSIDE, Not(AnyOf((Family(4), Family(6))))))
"""The world where there is one family only: with two, whatever is outside is of one of them."""

RESERVED_THINGS: Mapping[str, Expression] = {
    "host": _OWN_NODE,
    "remote-node": _REMOTE_NODE,
    "world": _OF_NO_FAMILY,
    "world-ipv4": AllOf((_OUTSIDE, Family(4))),
    "world-ipv6": AllOf((_OUTSIDE, Family(6))),
}
"""By the label that has source ``reserved``; others nobody known has, but for kube-apiserver."""

KUBE_APISERVER: Peer = AllOf((Not(Where(_POD)), _API_SERVER))
"""A pod is known by its own labels, whatever address the API server has."""

ENTITIES: Mapping[str, tuple[Peer, ...]] = {
    "all": (Anyone(),),
    "world": (Where(_OUTSIDE),),
    "cluster": (Where(Not(_OUTSIDE)), _API_SERVER),
    "cluster-mesh": (Where(Not(_OUTSIDE)), _API_SERVER),
    "host": (Where(_OWN_NODE),),
    "remote-node": (Where(_REMOTE_NODE),),
    "kube-apiserver": (KUBE_APISERVER,),
    **dict.fromkeys(("health", "ingress", "init", "unmanaged", "none"), (NOBODY,)),
}


def subject_of(clauses: Sequence[Clause], context: Context) -> Subject:
    """The pods that an endpointSelector selects: those of the policy's own namespace, whatever other it names
    as a plain label. Nodes are selected by nodeSelector alone."""
    if context.namespace:
        overridden = (KUBERNETES, POD_NAMESPACE, True)
        clauses = [one for one in clauses if (one.source, one.key, one.is_label) != overridden]
        return _pods(clauses, (is_namespace(context.namespace),))
    return _pods(clauses, ())


def hosts_of(clauses: Sequence[Clause]) -> Subject:
    """The nodes that a nodeSelector selects."""
    labelled = [Labelled(Of.OWN, one.asked) if one.is_of_pods else _of_absent(one) for one in clauses]
    return Where(AllOf((_NODE, *labelled)))


def endpoints_of(clauses: Sequence[Clause], context: Context) -> Peer:
    """Whom a selector of peers takes: pods, as a namespace or the cluster is added, which nothing else has,
    unless it names both, or what no pod has."""
    named = {one.key for one in clauses if one.is_of_pods}
    if has_reserved(clauses) or named >= {POD_NAMESPACE, CLUSTER}:
        return _anything(clauses)
    if any(one.names_namespace for one in clauses) or not context.namespace:
        return _pods(clauses, ())
    return _pods(clauses, (is_namespace(context.namespace),))


def _pods(clauses: Sequence[Clause], namespace: tuple[Requirement, ...]) -> Subject:
    """As a query where that says it all, as nearly always."""
    known = [one for one in clauses if one.is_of_pods and one.key != ACCOUNT]
    if len(known) < len(clauses):
        of_namespace = (Labelled(Of.NAMESPACE, asked) for asked in namespace)
        return Where(AllOf((_POD, *of_namespace, *map(_of_pod, clauses))))
    pods = Selector(tuple(one.asked for one in known if not one.names_namespace))
    asked = (*namespace, *(one.of_namespace for one in known if one.names_namespace))
    if len(asked) == 1 and namespace:
        return PodQuery(namespace=next(iter(namespace[0].values)), pods=pods)
    return PodQuery(namespaces=Selector(asked) if asked else EVERYTHING, pods=pods)


def _of_pod(clause: Clause) -> Expression:
    """A clause as asked about a pod."""
    asked = clause.asked
    if not clause.is_of_pods:
        return _of_absent(clause)
    if clause.names_namespace:
        return Labelled(Of.NAMESPACE, clause.of_namespace)
    if clause.key != ACCOUNT:
        return Labelled(Of.OWN, asked)
    match asked.operator:
        case Operator.IN:
            return Account(asked.values)
        case Operator.NOT_IN:
            return Not(Account(asked.values))
        case _:
            return _of_present(asked)


def _of_absent(clause: Clause) -> Expression:
    """A clause about a label that nothing has."""
    return _NONE if clause.asked.operator in POSITIVE else _ALL


def _of_present(asked: Requirement) -> Expression:
    return _ALL if asked.operator is Operator.EXISTS else _NONE


def _anything(clauses: Sequence[Clause]) -> Peer:
    """A selector that neither a namespace nor the cluster is added to: it asks of whatever an end is."""
    peers = [_clause_of_anything(one) for one in clauses]
    plain = [one.what for one in peers if isinstance(one, Where)]
    others = [one for one in peers if not isinstance(one, Where)]
    return AllOf((Where(AllOf(tuple(plain))), *others)) if others else Where(AllOf(tuple(plain)))


def _clause_of_anything(clause: Clause) -> Peer:
    if clause.source != RESERVED:
        holds = _of_pod(clause)
        if clause.asked.operator in POSITIVE:
            return Where(AllOf((_POD, holds)))
        return Where(AnyOf((Not(_POD), holds)))
    taken = clause.asked.operator in POSITIVE
    if clause.asked.operator in (Operator.IN, Operator.NOT_IN) and "" not in clause.asked.values:
        return Where(_NONE if taken else _ALL)  # the value of such a label is empty
    if clause.key == "kube-apiserver":
        return KUBE_APISERVER if taken else Not(KUBE_APISERVER)
    thing = RESERVED_THINGS.get(clause.key, _NONE)
    return Where(thing if taken else Not(thing))
