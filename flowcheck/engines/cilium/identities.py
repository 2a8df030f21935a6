"""Which labels Cilium's selectors see: those that are part of an identity.

A clause about any other label is answered as if nothing had it. A label is part of the identity if a pattern
takes it that is longer than every pattern that leaves it out; one that no pattern is about is part of it,
unless the agent was given patterns of its own that take some.

Source: cilium v1.20 pkg/labelsfilter filter.go, whose default patterns these are; checked by running.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from flowcheck.model.labels import Labels, Operator, Requirement, Selector
from flowcheck.model.peers import Account, AllOf, AnyOf, Expression, Labelled, Not, Of, Subject, Where
from flowcheck.model.policy import PodQuery

NAMESPACE_LABELS = "io.cilium.k8s.namespace.labels."
CLUSTER = "io.cilium.k8s.policy.cluster"
ACCOUNT = "io.cilium.k8s.policy.serviceaccount"
KUBERNETES, NODE = "k8s", "node"
_TAKEN = (
    r"io\.kubernetes\.pod\.namespace",
    r"io\.cilium\.k8s\.namespace\.labels",
    r"app\.kubernetes\.io",
    r"io\.cilium\.k8s\.policy\.cluster",
)
_LEFT_OUT = (
    r"io\.kubernetes",
    r"kubernetes\.io",
    r"statefulset\.kubernetes\.io/pod-name",
    r"apps\.kubernetes\.io/pod-index",
    r"batch\.kubernetes\.io/job-completion-index",
    r"batch\.kubernetes\.io/controller-uid",
    r".*beta\.kubernetes\.io",
    r"k8s\.io",
    r"pod-template-generation",
    r"pod-template-hash",
    r"controller-revision-hash",
    r"controller-uid",
    r"annotation.*",
    r"topology\.kubernetes\.io",
    r"etcd_node",
)
NOBODY = Where(AnyOf(()))
_POSITIVE = (Operator.IN, Operator.EXISTS)


class Pattern(NamedTuple):
    """``source`` empty: of any source."""

    expression: re.Pattern[str]
    takes: bool
    source: str = ""


def read_pattern(text: str) -> Pattern:
    """``source:pattern``, the source optional; ``!`` before the pattern leaves labels out. What is no regular
    expression is a plain beginning."""
    source, colon, rest = text.partition(":")
    source, pattern = (source, rest) if colon else ("", text)
    takes, pattern = not pattern.startswith("!"), pattern.removeprefix("!")
    try:
        return Pattern(re.compile(pattern), takes, source)
    except re.error:
        return Pattern(re.compile(re.escape(pattern)), takes, source)


DEFAULTS = (
    *(Pattern(re.compile(text), takes=True) for text in _TAKEN),
    *(Pattern(re.compile(text), takes=False) for text in _LEFT_OUT),
)


class Identities:
    """Selectors as they see pods of one cluster. ``labels`` and ``node_labels`` are the agent's options."""

    def __init__(self, labels: Sequence[str], node_labels: Sequence[str], cluster_name: str) -> None:
        own = tuple(read_pattern(text) for text in labels)
        self._patterns = (*DEFAULTS, *own)
        self._only_taken = any(one.takes for one in own)
        self._of_nodes = tuple(read_pattern(text) for text in node_labels)
        self._cluster: Labels = {CLUSTER: cluster_name}
        self.has = cache(self._has)

    def _has(self, key: str) -> bool:
        """Whether a label of a pod is part of its identity."""
        return _takes(self._patterns, key, KUBERNETES, only_taken=self._only_taken)

    def nodes_have(self, key: str) -> bool:
        return _takes(self._of_nodes, key, NODE, only_taken=any(one.takes for one in self._of_nodes))

    def query(self, query: PodQuery) -> Subject:
        """A query of pods; nobody, where it asks for what no identity has."""
        pods = self._selector(query.pods, "")
        namespaces = query.namespaces and self._selector(query.namespaces, NAMESPACE_LABELS)
        if pods is None or (namespaces is None and query.namespaces is not None):
            return NOBODY
        return query._replace(pods=pods, namespaces=namespaces)

    def _selector(self, selector: Selector, prefix: str) -> Selector | None:
        kept = []
        for clause in selector.requirements:
            known = self._known(clause, prefix)
            if known is None:
                kept.append(clause)
            elif not known:
                return None
        return selector if len(kept) == len(selector.requirements) else Selector(tuple(kept))

    def _known(self, clause: Requirement, prefix: str) -> bool | None:
        """What a clause is for every pod, if it is not asked of labels."""
        if clause.key == CLUSTER and not prefix:
            return clause.matches(self._cluster)
        return None if self.has(prefix + clause.key) else clause.operator not in _POSITIVE

    def nodes(self, selector: Selector) -> Expression:
        """A selector of nodes."""
        parts: list[Expression] = []
        for clause in selector.requirements:
            if clause.key == CLUSTER:
                parts.append(_constant(clause.matches(self._cluster)))
            elif self.nodes_have(clause.key):
                parts.append(Labelled(Of.OWN, clause))
            else:
                parts.append(_constant(clause.operator not in _POSITIVE))
        return AllOf(tuple(parts))

    def expression(self, what: Expression) -> Expression:
        match what:
            case AllOf(parts):
                return AllOf(tuple(self.expression(part) for part in parts))
            case AnyOf(parts):
                return AnyOf(tuple(self.expression(part) for part in parts))
            case Not(part):
                return Not(self.expression(part))
            case Labelled(of, clause) if of is not Of.ACCOUNT:
                known = self._known(clause, NAMESPACE_LABELS if of is Of.NAMESPACE else "")
                return what if known is None else _constant(known)
            case Account():
                return what if self.has(ACCOUNT) else _constant(holds=False)
            case _:
                return what


def _constant(holds: bool) -> Expression:
    return AllOf(()) if holds else AnyOf(())


def _takes(patterns: Sequence[Pattern], key: str, source: str, *, only_taken: bool) -> bool:
    """The longest of those that take it against the shortest of those that leave it out."""
    taken, left_out = 0, 0
    for pattern in patterns:
        if pattern.source not in ("", source):
            continue
        found = pattern.expression.match(key)
        if found is None:
            continue
        length = found.end()
        if pattern.takes:
            taken = max(taken, length)
        elif not left_out or length < left_out:
            left_out = length
    return taken > left_out or (not only_taken and not left_out)
