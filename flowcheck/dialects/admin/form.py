"""What the admin tiers' kinds share of form, and what tells one from another."""

from __future__ import annotations

from dataclasses import dataclass

from flowcheck.manifests.fields import Field
from flowcheck.manifests.selectors import read_selector
from flowcheck.model.labels import Selector
from flowcheck.model.policy import Action

OUTSIDE = ("networks", "nodes", "domainNames")
"""The kinds of peers that are no pods."""


@dataclass(frozen=True, slots=True)
class Form:
    """What tells one kind from another. ``limit`` is the most rules, peers or ports in one list."""

    versions: tuple[str, ...]
    spec: tuple[str, ...]
    actions: dict[str, Action]
    ports: str
    limit: int
    egress_peers: tuple[str, ...] = ("namespaces", "pods", *OUTSIDE)

    @property
    def is_old(self) -> bool:
        return "v1alpha1" in self.versions


def read_labels(field: Field) -> Selector:
    return read_selector(field, Field.doubt)


def elements(field: Field, least: int, most: int) -> list[Field]:
    """The elements of a list that the API bounds; unlike in NetworkPolicy an empty list may be wrong."""
    found = field.elements()
    if isinstance(field.value, list) and not least <= len(field.value) <= most:
        field.report(f"must have {least} to {most} entries")
    return found


def exactly_one(field: Field, *known: str) -> tuple[str, Field] | None:
    """The one field given of those; anything else is reported."""
    before = len(field.complaints.problems)
    given = field.mapping(*known)
    if len(given) == 1:
        return next(iter(given.items()))
    if len(field.complaints.problems) == before:
        field.report(f"needs exactly one of {', '.join(known)}")
    return None
