"""Selectors of Cilium: keys have sources, and name a pod's namespace and account too.

    key                                    meaning
    app, any:app, k8s:app                  a label of the pod
    io.kubernetes.pod.namespace            its namespace's name
    io.cilium.k8s.namespace.labels.KEY     a label of its namespace
    io.cilium.k8s.policy.serviceaccount    its service account's name
    io.cilium.k8s.policy.cluster           its cluster's name (the engine knows it)
    reserved:NAME, reserved.NAME, $NAME    what no label of Kubernetes tells: a host, the world
    any other source                       a label that no pod has

A selector of peers takes pods of the policy's namespace (clusterwide: of any), unless it names a namespace or
one of its labels, with whatever operator; one with a ``reserved`` key, or that names both a
namespace and the cluster, takes anything.

Source: cilium v1.20 pkg/policy/api/selector.go, pkg/labels ParseSelectLabel, pkg/k8s/apis/cilium.io/utils.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flowcheck.dialects.cilium.context import Context
from flowcheck.manifests.fields import Field
from flowcheck.manifests.validation import label_key_fault, label_value_fault
from flowcheck.model.cluster import NAMESPACE_NAME_LABEL
from flowcheck.model.labels import Operator, Requirement

POD_NAMESPACE = "io.kubernetes.pod.namespace"
NAMESPACE_LABELS = "io.cilium.k8s.namespace.labels."
ACCOUNT = "io.cilium.k8s.policy.serviceaccount"
CLUSTER = "io.cilium.k8s.policy.cluster"
RESERVED, NODE, ANY, KUBERNETES = "reserved", "node", "any", "k8s"
POSITIVE = (Operator.IN, Operator.EXISTS)
_OPERATORS = (Operator.IN, Operator.NOT_IN, Operator.EXISTS, Operator.DOES_NOT_EXIST)
_WITH_VALUES = (Operator.IN, Operator.NOT_IN)


class Clause(NamedTuple):
    """One clause, its key taken apart. ``is_label``: it stands in matchLabels."""

    source: str
    asked: Requirement
    is_label: bool = False

    @property
    def key(self) -> str:
        return self.asked.key

    @property
    def is_of_pods(self) -> bool:
        """Whether it asks about what Kubernetes says of a pod."""
        return self.source in (ANY, KUBERNETES)

    @property
    def names_namespace(self) -> bool:
        return self.is_of_pods and (self.key == POD_NAMESPACE or self.key.startswith(NAMESPACE_LABELS))

    @property
    def of_namespace(self) -> Requirement:
        """What it asks of the namespace's labels."""
        key = NAMESPACE_NAME_LABEL if self.key == POD_NAMESPACE else self.key.removeprefix(NAMESPACE_LABELS)
        return self.asked._replace(key=key)


def is_namespace(name: str) -> Requirement:
    return Requirement(NAMESPACE_NAME_LABEL, Operator.IN, frozenset({name}))


def read_clauses(field: Field, context: Context) -> list[Clause]:
    """``matchLabels`` and ``matchExpressions``, all of which must hold."""
    parts = field.mapping("matchLabels", "matchExpressions")
    found = []
    if "matchLabels" in parts:
        for key, value in sorted(parts["matchLabels"].entries().items()):
            text = value.text()
            if text is not None and (fault := label_value_fault(text)):
                value.report(fault)
            elif text is not None:
                asked = Requirement(key, Operator.IN, frozenset({text}))
                found.append(_with_source(value, asked, context)._replace(is_label=True))
    for entry in parts["matchExpressions"].elements() if "matchExpressions" in parts else []:
        clause = _expression(entry, context)
        if clause is not None:
            found.append(clause)
    return found


def _expression(entry: Field, context: Context) -> Clause | None:
    parts = entry.mapping("key", "operator", "values", required=("key", "operator"))
    key = parts["key"].text() if "key" in parts else None
    name = parts["operator"].one_of(*_OPERATORS) if "operator" in parts else None
    values = [(value, value.text()) for value in (parts["values"].elements() if "values" in parts else [])]
    for value, text in values:
        if text is not None and (fault := label_value_fault(text)):
            context.refuse(value, fault)
    if key is None or name is None:
        return None
    operator = Operator(name)
    if operator in _WITH_VALUES and not values:
        context.refuse(entry, f"{name} needs values", "write values: [...], or operator: Exists")
    if operator not in _WITH_VALUES and values:
        context.refuse(parts["values"], f"{name} takes no values", "leave them out, or write operator: In")
    given = frozenset(text for _, text in values if text is not None)
    return _with_source(parts["key"], Requirement(key, operator, given), context)


def _with_source(field: Field, asked: Requirement, context: Context) -> Clause:
    source, key = split_source(asked.key)
    if fault := label_key_fault(key):
        context.refuse(field, fault)
    return Clause(source, asked._replace(key=key))


def split_source(key: str) -> tuple[str, str]:
    """The source of a key and the rest of it; ``any`` where it has none."""
    if key.startswith("$"):
        return RESERVED, key[1:]
    source, colon, rest = key.partition(":")
    if colon:
        return source or ANY, rest
    if key.startswith(f"{RESERVED}."):
        return RESERVED, key.removeprefix(f"{RESERVED}.")
    return ANY, key


def has_reserved(clauses: Iterable[Clause]) -> bool:
    return any(clause.source == RESERVED for clause in clauses)
