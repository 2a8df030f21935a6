"""What the documents gave, one value after another: kept, the same as another, or against another.

Two of one name at one time that differ are a problem; at two times they are a change. Owned by ``reading``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from flowcheck.history.chronicle import Chronicle, Key
from flowcheck.history.coverage import Coverage
from flowcheck.history.dated import Dated
from flowcheck.history.notes import Missing, is_note, read_note
from flowcheck.history.sameness import unplaced
from flowcheck.history.sightings import Sighting, When
from flowcheck.history.values import Value
from flowcheck.kinds import CLUSTER_SCOPED, called
from flowcheck.manifests.documents import Document
from flowcheck.manifests.envelopes import What
from flowcheck.manifests.journal import Journal
from flowcheck.manifests.validation import DEFAULT_NAMESPACE
from flowcheck.model.left_out import REFUSED
from flowcheck.model.policy import Policy
from flowcheck.objects.times import OwnTimes
from flowcheck.objects.workloads import Controller


@dataclass(slots=True)
class Gathering:
    """``beside_the_cluster``: what comes now is given in addition to the cluster. ``contradicted`` are the
    files without a time that another input contradicts. ``stored`` has the objects that are stored under
    another name, by that; ``missing``: what snapshots say that they lack."""

    journal: Journal
    chronicle: Chronicle = field(default_factory=Chronicle)
    coverage: Coverage = field(default_factory=Coverage)
    beside_the_cluster: bool = False
    contradicted: set[str] = field(default_factory=set)
    stored: dict[Key, Key] = field(default_factory=dict)
    missing: dict[Missing, None] = field(default_factory=dict)

    def keep(self, value: Value | None, dated: Dated, own_times: OwnTimes, *, is_policy: bool) -> None:
        """Keep what a document gave (None: it is gone), or report what speaks against it to the document."""
        document = dated.document
        key = self._key(value, document)
        if dated.when is None:
            sighting = Sighting(value, document.source)
        else:
            sighting = self._sighting(value, dated, own_times)
        first = self.chronicle.first(key)
        if first is None:
            self.chronicle.add(key, sighting)
        elif self.beside_the_cluster and not is_policy:
            if first.value is not None and unplaced(first.value) != unplaced(value):
                document.warn(f"differs from the one at {first.source}, which is used")
        elif (twin := self.chronicle.twin(key, sighting)) is not None:
            self._compare(twin, sighting, document)
        elif (
            not isinstance(value, Controller | None)
            and (other := self.chronicle.contradiction(key, sighting)) is not None
        ):
            self._contradict(other, sighting, document)
        else:
            self.chronicle.add(key, sighting)

    def took_note(self, dated: Dated) -> bool:
        """Whether it was a note, which is taken. What a snapshot could not ask for is as a document that was
        refused: the run is not complete."""
        document, when = dated.document, dated.when
        if not is_note(document):
            return False
        if document.problems or when is None:
            self.journal.refuse(document.problems, document.kind, document.name, document.source)
            return True
        note, _, _ = read_note(document)
        self.coverage.note_taken(document.source.file, when, note)
        for one in note.missing:
            if one not in self.missing:
                self.missing[one] = None
                self.journal.skip(one.kind, "", f"{REFUSED}not in it: {one.reason}", document.source)
        return True

    def closed(self) -> Coverage:
        """Everything has been kept."""
        self.coverage.close(self.journal.broken_watches)
        return self.coverage

    def _key(self, value: Value | None, document: Document) -> Key:
        """An object that is gone may be told of by the name that it is stored under alone."""
        kind = called(document.group, document.kind)
        stored = (kind, document.namespace, document.name)
        if value is None:
            return self.stored.get(stored, stored)
        key = _key(value, document)
        if key[2] != document.name:
            self.stored[stored] = key
        return key

    def _sighting(self, value: Value | None, dated: Dated, own_times: OwnTimes) -> Sighting:
        source = dated.document.source
        audited = source.file in self.journal.audit_logs
        self.coverage.note(dated, audited=audited)
        kept = dated.kept.lifetime if dated.kept is not None else None
        return Sighting(value, source, _when(dated.when, own_times, audited), own_times, kept)

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


def _key(value: Value, document: Document) -> Key:
    kind = called(document.group, document.kind)
    scoped = isinstance(value, Policy) and not value.namespace
    scoped = scoped or (document.group, document.kind) in CLUSTER_SCOPED
    namespace = "" if scoped else document.namespace or DEFAULT_NAMESPACE
    return (kind, namespace, value.name if isinstance(value, Policy) else document.name)


def _when(when: When | None, own_times: OwnTimes, audited: bool) -> When | None:
    """An audit log tells of a deletion when it was asked for, which may take a while: an object is gone with
    the write that leaves nothing to wait for."""
    if when is None or not audited:
        return when
    what = when.what
    if what is What.COLLECTED:
        what = What.CHANGED if own_times.would_linger else What.GONE
    elif what is What.GONE and own_times.lingers:
        what = What.CHANGED
    elif (
        what in (What.CHANGED, What.STATUS_CHANGED)
        and own_times.deleted is not None
        and not own_times.lingers
    ):
        what = What.GONE
    return replace(when, what=what)
