"""Whether anything that the inputs show is what an expression asks for: a pod, a node, a set of addresses.

What no input tells (labels of a namespace that is not described) may be so. Pods that differ in nothing that
can be asked count once, and all are found by labels and namespaces: an expression is asked of few of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from flowcheck.model.cluster import NAMESPACE_NAME_LABEL, Cluster
from flowcheck.model.labels import Labels, Operator
from flowcheck.model.peers import Account, AllOf, AnyOf, Called, Expression, IsA, Kind, Labelled, Not, Of

_PRESENT = (Operator.EXISTS, Operator.CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH)


class Known(NamedTuple):
    """One map of labels, and whether those are all."""

    labels: Labels
    is_all: bool = True


_NONE = Known({})


class Thing(NamedTuple):
    """``kind`` None: a set of addresses. ``ports`` are the names of its ports, in lower case."""

    kind: Kind | None
    namespace: str = ""
    name: str = ""
    account: str = ""
    own: Known = _NONE
    space: Known = _NONE
    of_account: Known = _NONE
    ports: frozenset[str] = frozenset()


class Things:
    """Things of one sort, to be asked."""

    def __init__(self, things: Iterable[Thing]) -> None:
        self._things = list(things)
        self._found: dict[tuple[Expression, str], bool] = {}
        self._labelled: dict[tuple[str, str], set[int]] = defaultdict(set)
        self._having: dict[str, set[int]] = defaultdict(set)
        self._in: dict[str, set[int]] = defaultdict(set)
        for number, thing in enumerate(self._things):
            self._in[thing.namespace].add(number)
            for key, value in thing.own.labels.items():
                self._labelled[key, value].add(number)
                self._having[key].add(number)
        self._is_all = all(thing.own.is_all for thing in self._things)

    def any(self, what: Expression, port: str = "") -> bool:
        """Whether the expression may hold of any, or of any with a port of this name."""
        key = what, port
        if key not in self._found:
            among = self._among(what)
            numbers = range(len(self._things)) if among is None else among
            self._found[key] = any(
                (not port or port in self._things[n].ports) and _holds(what, self._things[n]) is not False
                for n in numbers
            )
        return self._found[key]

    def _among(self, what: Expression) -> set[int] | None:
        """Those of which it may hold, and perhaps others; None: all of them."""
        match what:
            case AllOf(parts):
                known = [found for part in parts if (found := self._among(part)) is not None]
                known.sort(key=len)
                return set.intersection(*known) if known else None
            case AnyOf(parts):
                either = [found for part in parts if (found := self._among(part)) is not None]
                return set[int]().union(*either) if len(either) == len(parts) else None
            case Labelled(Of.OWN, clause) if self._is_all and clause.operator is Operator.IN:
                return set().union(*(self._labelled.get((clause.key, value), ()) for value in clause.values))
            case Labelled(Of.OWN, clause) if self._is_all and clause.operator in _PRESENT:
                return self._having.get(clause.key, set())
            case Labelled(Of.NAMESPACE, clause) if (
                clause.key == NAMESPACE_NAME_LABEL and clause.operator is Operator.IN
            ):
                return set().union(*(self._in.get(name, ()) for name in clause.values))
            case _:
                return None


def _holds(what: Expression, thing: Thing) -> bool | None:
    """None: nothing tells."""
    match what:
        case AllOf(parts):
            answers = {_holds(part, thing) for part in parts}
            return False if False in answers else None if None in answers else True
        case AnyOf(parts):
            answers = {_holds(part, thing) for part in parts}
            return True if True in answers else None if None in answers else False
        case Not(part):
            answer = _holds(part, thing)
            return None if answer is None else not answer
        case IsA(Kind.OWN_NODE):
            return None if thing.kind is Kind.NODE else False
        case IsA(kind):
            return thing.kind is kind
        case Account(names):
            return thing.kind is Kind.POD and thing.account in names
        case Called(name, namespace):
            return thing.kind is not Kind.POD and (thing.namespace, thing.name) == (namespace, name)
        case Labelled(of, clause):
            labels, is_all = {Of.OWN: thing.own, Of.NAMESPACE: thing.space, Of.ACCOUNT: thing.of_account}[of]
            return clause.matches(labels) if is_all or clause.key in labels else None
        case _:
            return None


def pods_of(cluster: Cluster) -> Things:
    """The pods that policies reach, at any time; the names of ports of all that are alike."""
    names: dict[tuple[object, ...], set[str]] = defaultdict(set)
    alike: dict[tuple[object, ...], Thing] = {}
    for pod in cluster.pods:
        if pod.finished or pod.host_network:
            continue
        space = pod.namespace_labels
        key = (
            *(pod.namespace, pod.account, frozenset(pod.labels.items())),
            None if space is None else frozenset(space.items()),
        )
        if key not in alike:
            labels = cluster.accounts.get((pod.namespace, pod.account))
            account = Known({}, is_all=False) if labels is None else Known(labels)
            named = Known(*cluster.namespace_labels(pod))
            alike[key] = Thing(Kind.POD, pod.namespace, "", pod.account, Known(pod.labels), named, account)
        names[key].update(port.name.lower() for port in (*pod.ports, *pod.init_ports) if port.name)
    return Things(thing._replace(ports=frozenset(names[key])) for key, thing in alike.items())


def nodes_of(cluster: Cluster) -> Things:
    """The nodes, and one of which nothing is known where there may be more."""
    nodes = [Thing(Kind.NODE, "", one.name, own=Known(one.labels, one.described)) for one in cluster.nodes]
    return Things(nodes if cluster.lists_nodes else [*nodes, Thing(Kind.NODE, own=Known({}, is_all=False))])


def sets_of(cluster: Cluster) -> Things:
    """Network sets, host endpoints, groups of CIDRs."""
    spaces: Mapping[str, Known] = {
        one.name: Known(one.labels, one.described) for one in cluster.namespaces.values()
    }
    return Things(
        Thing(
            None,
            one.namespace,
            one.name,
            own=Known(one.labels),
            space=spaces.get(one.namespace, Known({NAMESPACE_NAME_LABEL: one.namespace}, is_all=False))
            if one.namespace
            else _NONE,
        )
        for one in cluster.sets
    )
