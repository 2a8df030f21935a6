"""CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy -> policies of the tier Normal.

Several specs are one policy, whose rules and isolation are each for their own spec's subjects; one that the
agent refuses makes it refuse them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from flowcheck.dialects.cilium.context import Context
from flowcheck.dialects.cilium.rules import read_entry
from flowcheck.dialects.cilium.selectors import read_clauses
from flowcheck.dialects.cilium.things import NOBODY, hosts_of, subject_of
from flowcheck.dialects.shared import as_written, check_version
from flowcheck.manifests.documents import Document
from flowcheck.manifests.fields import Field, type_name
from flowcheck.manifests.text.yaml_scalars import Ambiguous
from flowcheck.manifests.validation import DEFAULT_NAMESPACE
from flowcheck.model.cluster import NAMESPACE_NAME_LABEL
from flowcheck.model.engines import CILIUM_NORMAL
from flowcheck.model.labels import Operator, Requirement
from flowcheck.model.peers import (
    AllOf,
    AnyOf,
    Expression,
    IsA,
    Kind,
    Labelled,
    Of,
    PodQuery,
    Subject,
    Where,
    labelled,
)
from flowcheck.model.policy import Direction, Policy, Rule

_TOP = ("apiVersion", "kind", "metadata", "spec", "specs", "status")
_LISTS = {
    "ingress": (Direction.INGRESS, False),
    "ingressDeny": (Direction.INGRESS, True),
    "egress": (Direction.EGRESS, False),
    "egressDeny": (Direction.EGRESS, True),
}
"""By field: its direction, and whether its entries deny."""
_NO_RULES = "write ingress: [{}] to let nothing in"
_WRONG_NAMES = {
    **dict.fromkeys(("podSelector", "selector", "subject"), "endpointSelector"),
    "policyTypes": "ingress: [{}] or egress: [{}] to isolate a direction",
    "namespaceSelector": "io.cilium.k8s.namespace.labels.KEY as a label in endpointSelector, clusterwide",
}
_BESIDE = ("endpointSelector", "nodeSelector", "enableDefaultDeny", "labels", "description", "log")


@dataclass(frozen=True, slots=True)
class Spec:
    subject: Subject
    isolates: frozenset[Direction]
    rules: dict[Direction, list[Rule]]
    written: str


def read_cilium_network_policy(document: Document) -> Policy:
    """For pods of its own namespace."""
    return _read(document, Context(document.namespace or DEFAULT_NAMESPACE))


def read_cilium_clusterwide_network_policy(document: Document) -> Policy:
    """For pods of every namespace, or for nodes."""
    document.namespace = ""
    return _read(document, Context(""))


def _read(document: Document, context: Context) -> Policy:
    check_version(document, ("cilium.io/v2",))
    root = document.root()
    top = root.mapping(*_TOP)
    if "spec" not in top and "specs" not in top:
        context.refuse(root, "needs spec or specs")
    specs = [_spec(field, prefix, context) for field, prefix in _specs(top)]
    if "status" in top:
        _heed_status(top["status"], context)
    if context.refused or not specs:
        return _policy(document, context, NOBODY)
    if len(specs) == 1:
        (only,) = specs
        return replace(
            _policy(document, context, only.subject),
            isolates=only.isolates,
            ingress=tuple(only.rules[Direction.INGRESS]),
            egress=tuple(only.rules[Direction.EGRESS]),
            written=only.written,
        )
    return _several(_policy(document, context, NOBODY), specs)


def _heed_status(field: Field, context: Context) -> None:
    """What Cilium itself said of it: condition Valid is False for what its agents do not enforce."""
    conditions = field.value.get("conditions") if isinstance(field.value, dict) else None
    for one in conditions if isinstance(conditions, list) else ():
        if isinstance(one, dict) and (one.get("type"), one.get("status")) == ("Valid", "False"):
            why = one.get("message")
            why = why.text if isinstance(why, Ambiguous) else why
            context.refuse(field, f"says it is not valid: {why or 'without a reason'}")
            return


def _policy(document: Document, context: Context, subject: Subject) -> Policy:
    return Policy(
        document.kind,
        context.namespace,
        document.name,
        CILIUM_NORMAL,
        subject,
        source=document.source,
        refused=context.refused,
    )


def _several(policy: Policy, specs: list[Spec]) -> Policy:
    """One policy that is for anybody any of the specs is for."""
    rules = {
        direction: tuple(
            replace(rule, subject=spec.subject, written_subject=spec.written)
            for spec in specs
            for rule in spec.rules[direction]
        )
        for direction in Direction
    }
    isolated = tuple(
        (direction, spec.subject) for spec in specs for direction in Direction if direction in spec.isolates
    )
    return replace(
        policy,
        subject=Where(AnyOf(tuple(as_expression(spec.subject) for spec in specs))),
        isolates=frozenset(direction for direction, _ in isolated),
        isolated=isolated,
        ingress=rules[Direction.INGRESS],
        egress=rules[Direction.EGRESS],
        written=" or ".join(dict.fromkeys(spec.written for spec in specs)),
    )


def as_expression(subject: Subject) -> Expression:
    """A query as what it says of one thing."""
    if isinstance(subject, Where):
        return subject.what
    return AllOf((IsA(Kind.POD), _namespaces(subject), labelled(Of.OWN, subject.pods)))


def _namespaces(query: PodQuery) -> Expression:
    if query.namespaces is not None:
        return labelled(Of.NAMESPACE, query.namespaces)
    name = frozenset({query.namespace or ""})
    return Labelled(Of.NAMESPACE, Requirement(NAMESPACE_NAME_LABEL, Operator.IN, name))


def _specs(top: dict[str, Field]) -> Iterator[tuple[Field, str]]:
    """Each spec with how the labels of its rules begin."""
    if "spec" in top:
        yield top["spec"], ""
    if "specs" in top:
        for place, field in enumerate(top["specs"].elements()):
            yield field, f"specs[{place}]."


def _spec(field: Field, prefix: str, context: Context) -> Spec:
    parts = field.mapping(*_LISTS, *_BESIDE, instead=_WRONG_NAMES)
    subject = _subject(field, parts, context)
    rules: dict[Direction, list[Rule]] = {direction: [] for direction in Direction}
    filled = set()
    for name, (direction, denies) in _LISTS.items():
        for place, entry in enumerate(parts[name].elements() if name in parts else []):
            label = f"{prefix}{name}[{place}]"
            rules[direction] += read_entry(entry, direction, label, context, denies=denies)
            filled.add(direction)
    misspelt = isinstance(field.value, dict) and not field.value.keys() <= {*_LISTS, *_BESIDE}
    if not parts.keys() & _LISTS.keys() and not misspelt:
        field.report("needs ingress, ingressDeny, egress or egressDeny", _NO_RULES)
    elif not filled:
        context.refuse(field, "needs an entry in ingress, ingressDeny, egress or egressDeny", _NO_RULES)
    chosen = parts["enableDefaultDeny"].mapping(*Direction) if "enableDefaultDeny" in parts else {}
    off = {direction for direction in Direction if _is_false(chosen.get(direction))}
    selectors = [name for name in ("endpointSelector", "nodeSelector") if name in parts]
    written = ", ".join(f"{name}: {as_written(parts[name].value)}" for name in selectors)
    return Spec(subject, frozenset(filled - off), rules, written)


def _is_false(field: Field | None) -> bool:
    if field is None:
        return False
    if not isinstance(field.value, bool):
        field.report(f"must be true or false, is {type_name(field.value)}")
    return field.value is False


def _subject(field: Field, parts: dict[str, Field], context: Context) -> Subject:
    """Exactly one of endpointSelector and, clusterwide, nodeSelector."""
    context.for_nodes = "nodeSelector" in parts
    if ("endpointSelector" in parts) == context.for_nodes:
        field.report(
            "needs exactly one of endpointSelector and nodeSelector",
            "write endpointSelector: {} for every pod" if not context.for_nodes else "make them two policies",
        )
    if context.for_nodes:
        if context.namespace:
            hint = "make it a CiliumClusterwideNetworkPolicy"
            context.refuse(parts["nodeSelector"], "may stand in clusterwide policies only", hint)
        return hosts_of(read_clauses(parts["nodeSelector"], context))
    if "endpointSelector" not in parts:
        return NOBODY
    return subject_of(read_clauses(parts["endpointSelector"], context), context)
