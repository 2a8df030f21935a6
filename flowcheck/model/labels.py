"""Label selectors, and what "matches" means for one map of labels.

An empty selector matches everything; a selector for a label that nobody carries matches nobody.
An absent selector is not a selector: each field of each API says what its absence means.

Source: apimachinery meta/v1 LabelSelector, LabelSelectorRequirement.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

Labels = Mapping[str, str]


class Operator(StrEnum):
    """The first four are Kubernetes'; the others are about what is in a value (Calico)."""

    __hash__ = str.__hash__  # Enum's own is a Python function; selectors are keys

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"
    CONTAINS = "Contains"
    STARTS_WITH = "StartsWith"
    ENDS_WITH = "EndsWith"


class Requirement(NamedTuple):
    """One clause of a selector. ``matchLabels: {a: b}`` is read as ``a In [b]``."""

    key: str
    operator: Operator
    values: frozenset[str] = frozenset()

    def matches(self, labels: Labels) -> bool:
        """Whether the clause holds; NotIn and DoesNotExist hold for objects that lack the key."""
        match self.operator:
            case Operator.IN:
                return self.key in labels and labels[self.key] in self.values
            case Operator.NOT_IN:
                return self.key not in labels or labels[self.key] not in self.values
            case Operator.EXISTS:
                return self.key in labels
            case Operator.DOES_NOT_EXIST:
                return self.key not in labels
            case _:
                return self.key in labels and self.takes(labels[self.key])

    def takes(self, value: str) -> bool:
        """Whether a clause about what is in a value, which no Kubernetes selector has, holds for one."""
        match self.operator:
            case Operator.CONTAINS:
                return any(text in value for text in self.values)
            case Operator.STARTS_WITH:
                return value.startswith(tuple(self.values))
            case _:
                return value.endswith(tuple(self.values))


class Selector(NamedTuple):
    """A label query: all requirements hold. Without requirements it matches everything.

    A tuple, as its parts and :class:`~flowcheck.model.policy.PodQuery` are: they are keys, tens of thousands
    in a cluster, and a tuple is hashed and compared without a Python function.
    """

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Labels) -> bool:
        return all(requirement.matches(labels) for requirement in self.requirements)

    def must_match(self, known: Labels) -> bool:
        """Whether it matches whatever labels there are beside those that are known."""
        return all(one.key in known and one.matches(known) for one in self.requirements)

    def may_match(self, known: Labels) -> bool:
        """Whether it could match, had the object the right labels beside those that are known."""
        return all(one.key not in known or one.matches(known) for one in self.requirements)

    @classmethod
    def of(cls, **labels: str) -> Selector:
        """A ``matchLabels`` selector, for tests and examples."""
        return cls.from_labels(labels)

    @classmethod
    def from_labels(cls, labels: Labels) -> Selector:
        return cls(tuple(Requirement(k, Operator.IN, frozenset((v,))) for k, v in sorted(labels.items())))


EVERYTHING = Selector()
