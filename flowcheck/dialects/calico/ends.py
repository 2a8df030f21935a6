"""What a selector takes: pods, and addresses in network sets or of host endpoints.

To Calico a selector stands for the addresses of all that it matches, so that a pod inside a NetworkSet of the
right labels is taken too. An address of which nothing is known is taken by no selector.
"""

from __future__ import annotations

from flowcheck.dialects.calico.labels import IN_A_NAMESPACE, POD
from flowcheck.dialects.calico.selectors import EVERYTHING, NOTHING, all_of, any_of, negation
from flowcheck.model.cluster import NAMESPACE_NAME_LABEL
from flowcheck.model.labels import Operator, Requirement, Selector
from flowcheck.model.peers import (
    AllOf,
    AnyOf,
    Expression,
    InSets,
    IsA,
    Kind,
    Labelled,
    Not,
    Of,
    Peer,
    PodQuery,
    Where,
)


def taken(what: Expression) -> Peer:
    """Every address of which the expression holds."""
    return AnyOf((pods(what), InSets(what, may_match_pods=True)))


def pods(what: Expression) -> PodQuery | Where:
    """The pods of which it holds; as a query where that says all."""
    whole = all_of((POD, _of_a_pod(what)))
    parts = getattr(whole, "parts", (whole,))
    own: list[Requirement] = []
    spaces: list[Requirement] = []
    for part in parts:
        if part in (POD, IN_A_NAMESPACE):
            continue
        if not isinstance(part, Labelled) or part.of is Of.ACCOUNT:
            return Where(whole)
        (own if part.of is Of.OWN else spaces).append(part.clause)
    match spaces:
        case [Requirement(key=key, operator=Operator.IN, values=names)] if (
            key == NAMESPACE_NAME_LABEL and len(names) == 1
        ):
            return PodQuery(namespace=next(iter(names)), pods=Selector(tuple(own)))
        case _:
            return PodQuery(namespaces=Selector(tuple(spaces)), pods=Selector(tuple(own)))


def _of_a_pod(what: Expression) -> Expression:
    """What is left to ask of a thing that is a pod."""
    match what:
        case IsA(Kind.POD):
            return EVERYTHING
        case AllOf(parts):
            return all_of([one for part in parts if (one := _of_a_pod(part)) != EVERYTHING])
        case AnyOf(parts):
            asked = [_of_a_pod(part) for part in parts]
            return EVERYTHING if EVERYTHING in asked else any_of([one for one in asked if one != NOTHING])
        case Not(part):
            return negation(_of_a_pod(part))
        case _:
            return what


def in_namespace(name: str) -> Expression:
    """Things of the namespace of this name."""
    return Labelled(Of.NAMESPACE, Requirement(NAMESPACE_NAME_LABEL, Operator.IN, frozenset((name,))))
