"""Whom an entry of ingress or egress is about: the one field of it that names peers.

    absent, none at all           everyone, if there are ports; else nobody
    an empty list                 nobody; of services, names and groups as if absent
    several fields with entries   the agent refuses

Source: cilium.io/v2, cilium v1.20 pkg/policy/api IngressCommonRule, EgressCommonRule, EgressRule, Service,
FQDNSelector; pkg/policy/utils mergeEndpointSelectors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from flowcheck.dialects.cilium.blocks import read_block, read_block_rule
from flowcheck.dialects.cilium.context import Context
from flowcheck.dialects.cilium.names import read_names
from flowcheck.dialects.cilium.selectors import ANY, NODE, POSITIVE, RESERVED, read_clauses
from flowcheck.dialects.cilium.things import ENTITIES, NOBODY, RESERVED_THINGS, endpoints_of
from flowcheck.dialects.shared import as_written
from flowcheck.manifests.fields import Field
from flowcheck.model.labels import EVERYTHING, Selector
from flowcheck.model.peers import AllOf, AnyOf, Anyone, DomainNames, NodeQuery, Not, Peer, ServicePods, Where
from flowcheck.model.policy import Direction

_COMMON = ("Endpoints", "CIDR", "CIDRSet", "Entities", "Groups", "Nodes", "Requires")
FIELDS: Mapping[Direction, tuple[str, ...]] = {
    Direction.INGRESS: tuple(f"from{name}" for name in _COMMON),
    Direction.EGRESS: (*(f"to{name}" for name in _COMMON), "toServices"),
}
"""By direction, those that rules and deny rules share; rules that allow egress have ``toFQDNs`` too."""

_EMPTY_IS_NOBODY = ("Endpoints", "Nodes", "Entities", "CIDR", "CIDRSet")


class Whom(NamedTuple):
    """``peers`` None: no field names any. ``unread``: nobody can tell from here whom it means. ``written``:
    each peer with its field; of an empty list the field."""

    peers: tuple[Peer, ...] | None
    unread: bool = False
    written: tuple[str, ...] = ()


def read_peers(parts: Mapping[str, Field], context: Context, *, denies: bool) -> Whom:
    """What the fields of one entry say; ``parts`` are all that are given of it."""
    called = {name.removeprefix("from").removeprefix("to"): name for name in parts}
    given = {short: parts[name] for short, name in called.items()}
    lists = {name: field.elements() for name, field in given.items() if name in (*_READERS, "Requires")}
    if lists.get("Requires"):
        given["Requires"].report("takes no entries any more", "say it in the selectors")
    lists.pop("Requires", None)
    filled = [name for name, entries in lists.items() if entries]
    if len(filled) > 1:
        names = " and ".join(called[name] for name in filled)
        context.refuse(given[filled[1]], f"{names} cannot be combined", "make them two entries")
    peers = [(_READERS[name](entry, context), name, entry) for name in filled for entry in lists[name]]
    empty = [name for name, entries in lists.items() if name in _EMPTY_IS_NOBODY and not entries]
    if empty:
        return Whom((), written=tuple(f"{called[name]}: []" for name in empty))
    if not filled:
        return Whom(None)
    written = tuple(
        f"{called[name]}: {as_written(entry.value)}" for peer, name, entry in peers if peer is not None
    )
    if filled == ["Services"] and denies:
        has_ports = "toPorts" in parts or "icmps" in parts
        return _never_resolved(given["Services"], has_ports=has_ports)._replace(written=written)
    found = tuple(peer for peer, _, _ in peers if peer is not None)
    return Whom(found, unread=filled == ["Groups"], written=written)


def _never_resolved(field: Field, *, has_ports: bool) -> Whom:
    """Cilium looks Services up for rules that allow only: without ports such a deny is about nobody; with
    ports some releases take everyone."""
    field.warn("Cilium does not look up the Services of a deny rule")
    return Whom((Anyone(),), unread=True) if has_ports else Whom(())


def _endpoints(field: Field, context: Context) -> Peer | None:
    clauses = read_clauses(field, context)
    if any(one.source not in ("any", "k8s", RESERVED) for one in clauses):
        field.warn("Kubernetes gives no label of this source, so no pod has it: write any: or k8s:, or none")
    return endpoints_of(clauses, context)


def _nodes(field: Field, context: Context) -> Peer:
    """Nodes other than the pod's own, by label. Their labels have the source ``node``."""
    clauses = read_clauses(field, context)
    of_nodes = [one for one in clauses if one.source in (ANY, NODE)]
    taken: list[Peer] = [NodeQuery(Selector(tuple(one.asked for one in of_nodes)))]
    for clause in clauses:
        if clause.source == RESERVED and clause.key in RESERVED_THINGS:
            thing = Where(RESERVED_THINGS[clause.key])
            taken.append(thing if clause.asked.operator in POSITIVE else Not(thing))
        elif clause not in of_nodes and clause.asked.operator in POSITIVE:
            taken.append(NOBODY)
    return taken[0] if len(taken) == 1 else AllOf(tuple(taken))


def _groups(field: Field, context: Context) -> Peer:
    """The addresses of groups of a cloud: the agent asks the cloud for them."""
    field.warn("what is in a cloud's groups is not known, so it is unknown whether this matches")
    return Anyone()


def _service(field: Field, context: Context) -> Peer | None:
    """By name or by the Service's labels, which wins; without a namespace in all of them."""
    parts = field.mapping("k8sService", "k8sServiceSelector")
    if "k8sServiceSelector" in parts:
        inner = parts["k8sServiceSelector"].mapping("selector", "namespace", required=("selector",))
        clauses = read_clauses(inner["selector"], context) if "selector" in inner else []
        namespace = inner["namespace"].text() if "namespace" in inner else None
        return ServicePods(namespace or None, None, Selector(tuple(one.asked for one in clauses)))
    if "k8sService" not in parts:
        return NOBODY
    inner = parts["k8sService"].mapping("serviceName", "namespace")
    namespace = inner["namespace"].text() if "namespace" in inner else None
    name = inner["serviceName"].text() if "serviceName" in inner else None
    return ServicePods(namespace or None, name or "", EVERYTHING)


def _names(field: Field, context: Context) -> Peer | None:
    names = read_names(field)
    if len(names) > 1:
        field.report("has matchName and matchPattern", "make them two entries")
    return DomainNames(tuple(names)) if names else NOBODY


def _entity(field: Field, context: Context) -> Peer | None:
    name = field.one_of(*ENTITIES)
    peers = ENTITIES[name] if name is not None else ()
    if not peers:
        return None
    return peers[0] if len(peers) == 1 else AnyOf(peers)


_READERS: Mapping[str, Callable[[Field, Context], Peer | None]] = {
    "Endpoints": _endpoints,
    "CIDR": read_block,
    "CIDRSet": read_block_rule,
    "Entities": _entity,
    "Groups": _groups,
    "Nodes": _nodes,
    "Services": _service,
    "FQDNs": _names,
}
