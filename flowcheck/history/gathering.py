"""What the documents gave, one value after another: kept, the same as another, or against another.

Two of one name at one time that differ are a problem; at two times they are a change. Owned by ``reading``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from flowcheck.history.assembly import CLUSTER_SCOPED, Key, Snapshot
from flowcheck.history.sameness import unplaced
from flowcheck.history.sightings import Sighting, What, When
from flowcheck.manifests.documents import Document
from flowcheck.manifests.journal import Journal
from flowcheck.manifests.validation import DEFAULT_NAMESPACE
from flowcheck.model.policy import Policy
from flowcheck.objects.times import Stamps
from flowcheck.objects.workloads import Controller


@dataclass(slots=True)
class Gathering:
    """``beside_the_cluster``: what comes now is given in addition to the cluster. ``contradicted`` are the
    files without a time that another input contradicts."""

    journal: Journal
    snapshot: Snapshot = field(default_factory=Snapshot)
    beside_the_cluster: bool = False
    contradicted: set[str] = field(default_factory=set)

    def keep(self, value: Any, document: Document, stamps: Stamps, *, is_policy: bool) -> None:
        """Keep what a document gave (None: it is gone), or report what speaks against it to the document."""
        key = _key(value, document)
        if document.when is None:
            sighting = Sighting(value, document.source)
        else:
            sighting = self._dated(value, document, stamps)
        first = self.snapshot.first(key)
        if first is None:
            self.snapshot.add(key, sighting)
        elif self.beside_the_cluster and not is_policy:
            if first.value is not None and unplaced(first.value) != unplaced(value):
                document.warn(f"differs from the one at {first.source}, which is used")
        elif (twin := self.snapshot.twin(key, sighting)) is not None:
            self._compare(twin, sighting, document)
        elif (
            not isinstance(value, Controller | None)
            and (other := self.snapshot.contradiction(key, sighting)) is not None
        ):
            self._contradict(other, sighting, document)
        else:
            self.snapshot.add(key, sighting)

    def _dated(self, value: Any, document: Document, stamps: Stamps) -> Sighting:
        audited = document.source.file in self.journal.audit_logs
        self.snapshot.coverage.note(document, audited=audited)
        told = document.told.lifetime if document.told is not None else None
        return Sighting(value, document.source, _when(document, stamps, audited), stamps, told)

    def _compare(self, first: Sighting, second: Sighting, document: Document) -> None:
        """Two of one name at one time."""
        if unplaced(first.value) != unplaced(second.value):
            hint = "keep one"
            if self.beside_the_cluster:
                hint = "--replace-policies takes those given beside the cluster"
            elif self.journal.kustomizations.taken:
                hint = "give what one kustomization makes: kustomize build FOLDER | flowcheck ... --cluster -"
            document.report(f"stands twice, with other content at {first.source}", hint)
        elif isinstance(second.value, Policy):
            document.warn(f"stands twice, the same at {first.source}")

    def _contradict(self, first: Sighting, second: Sighting, document: Document) -> None:
        """Two of one name that differ, one of which holds for all times. Said once for each such file."""
        timeless = first if first.when is None else second
        if self.beside_the_cluster:
            self._compare(first, second, document)
        elif timeless.source.file not in self.contradicted:
            self.contradicted.add(timeless.source.file)
            document.report(
                f"differs from the one at {first.source}, and {timeless.source.file} has no time, "
                "so what is in it holds for all times",
                "say when it was taken: --at, or a time in its name",
            )


def _key(value: Any, document: Document) -> Key:
    if value is None:
        return (document.kind, document.namespace, document.name)
    scoped = document.kind in CLUSTER_SCOPED or (isinstance(value, Policy) and not value.namespace)
    namespace = "" if scoped else document.namespace or DEFAULT_NAMESPACE
    return (document.kind, namespace, value.name if isinstance(value, Policy) else document.name)


def _when(document: Document, stamps: Stamps, audited: bool) -> When | None:
    """An audit log tells of a deletion when it was asked for, which may take a while: an object is gone with
    the write that leaves nothing to wait for."""
    when = document.when
    if when is None or not audited:
        return when
    what = when.what
    if what is What.COLLECTED:
        what = What.CHANGED if stamps.would_linger else What.GONE
    elif what is What.GONE and stamps.lingers:
        what = What.CHANGED
    elif what in (What.CHANGED, What.STATUS_CHANGED) and stamps.deleted is not None and not stamps.lingers:
        what = What.GONE
    return replace(when, what=what)
