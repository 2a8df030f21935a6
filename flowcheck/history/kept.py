"""What an inventory keeps of a version beside its object: when it was so, and where it was read first."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flowcheck.errors import Problem
from flowcheck.history.values import Value
from flowcheck.model.cluster import Namespace, Node, Pod, Workload
from flowcheck.model.labels import Labels
from flowcheck.model.places import NOWHERE, SourceLocation
from flowcheck.model.tiers import Tier
from flowcheck.model.timeline import Lifetime
from flowcheck.objects.workloads import Controller


@dataclass(frozen=True, slots=True)
class Kept:
    """``place`` is the row. ``names_only``: the object is of a controller that is known
    to be nobody's, and of which nothing else is known."""

    lifetime: Lifetime
    source: SourceLocation
    place: SourceLocation
    namespace_labels: Labels | None = None
    names_only: bool = False
    owners: tuple[Workload, ...] = ()

    def apply(self, value: Value) -> Value:
        """The value that was read, at its time and place."""
        if isinstance(value, list):
            return [replace(one, source=self.source) for one in value]
        if isinstance(value, Controller):
            template = value.template and replace(value.template, source=self.source, owners=self.owners)
            return replace(value, source=self.source, template=None if self.names_only else template)
        if isinstance(value, Pod):
            value = replace(value, source=self.source, lifetime=self.lifetime, owners=self.owners)
            return replace(value, namespace_labels=self.namespace_labels)
        if isinstance(value, Namespace | Node):
            return replace(value, source=self.source, described=self.source != NOWHERE)
        return value if isinstance(value, Tier) else replace(value, source=self.source)

    def located(self, problem: Problem) -> Problem:
        """A problem of the document, shown at the row."""
        path = problem.where.partition(" ")[2]
        return Problem(problem.message, f"{self.place} {path}".strip(), problem.hint)
