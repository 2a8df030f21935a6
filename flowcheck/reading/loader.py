"""Documents -> the cluster: each is read by its kind, and all are put together at the end.

Every problem of every document is collected and raised at once; with ``keep_going`` the documents
that have problems are left out, listed as refused, and the rest stands.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from flowcheck.advice.gaps import gaps
from flowcheck.advice.mistaken import hides_policies, misspelt
from flowcheck.advice.not_given import everything_but, other_languages, refused_by_engines, unkept_writes
from flowcheck.advice.pitfalls import pitfalls
from flowcheck.advice.policies import warnings as policy_warnings
from flowcheck.counted import counted
from flowcheck.dialects import READERS as POLICY_READERS
from flowcheck.dialects.telling import GivesWay, no_policy
from flowcheck.errors import ManifestError, PolicyError, Problem
from flowcheck.history.assembly import NamespaceVersions, assemble
from flowcheck.history.dated import Dated
from flowcheck.history.gathering import Gathering
from flowcheck.history.inventory import read_rows
from flowcheck.history.inventory.recording import TextKey, text_key
from flowcheck.history.inventory.texts import WITH_TEXT, needed_text
from flowcheck.history.repeated import Repeated, digest_of
from flowcheck.history.sameness import named
from flowcheck.history.sources import read_documents
from flowcheck.history.values import Value
from flowcheck.kinds import PEER_KINDS, POLICY_KINDS, called, is_passed_over, language_of
from flowcheck.manifests.documents import Document
from flowcheck.manifests.envelopes import What
from flowcheck.manifests.files.paths import At, PathLike
from flowcheck.manifests.journal import Journal
from flowcheck.model.cluster import Cluster
from flowcheck.model.left_out import OtherPolicy
from flowcheck.model.policy import Policy
from flowcheck.objects.network.plugins import signs_of
from flowcheck.objects.readers import READERS as OBJECT_READERS
from flowcheck.objects.times import NO_TIMES, OwnTimes, read_own_times


def _value_of(dated: Dated) -> Value | None:
    """What its reader makes of a document; None after reporting why not."""
    document, when = dated.document, dated.when
    key = (document.group, document.kind)
    try:
        if key in POLICY_READERS:
            return POLICY_READERS[key](document)
        return OBJECT_READERS[key](document, None if when is None else when.seen)
    except ManifestError:
        return None


@dataclass(slots=True)
class Loader:
    """One load. ``refused_policies`` counts the refused documents that are policies."""

    journal: Journal = field(default_factory=Journal)
    gathering: Gathering = field(init=False)
    refused_policies: int = 0
    repeated: Repeated = field(default_factory=Repeated)
    namespaces: NamespaceVersions = field(default_factory=dict)
    texts: dict[TextKey, str] | None = None
    other_policies: dict[tuple[str, ...], OtherPolicy] = field(default_factory=dict)
    signs: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.gathering = Gathering(self.journal)

    def fork(self) -> Loader:
        """Another with all that was read so far, which goes its own way; nothing of it may have a time."""
        forked = Loader(copy.deepcopy(self.journal), signs=dict(self.signs))
        forked.gathering.chronicle = self.gathering.chronicle.fork()
        forked.gathering.stored = dict(self.gathering.stored)
        return forked

    def documents(self, paths: Iterable[PathLike] | PathLike, at: At = None) -> Iterable[Dated]:
        listed = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
        return read_documents(listed, self.journal, at, read_rows)

    def read_all(self, given: Iterable[Dated], without: GivesWay = no_policy) -> None:
        for dated in given:
            if not without(dated.document):
                self.read(dated)

    def read(self, dated: Dated) -> None:
        """Read one document by its kind, into the history or the journal."""
        document = dated.document
        key = (document.group, document.kind)
        if self.gathering.took_note(dated):
            return
        passed_over = is_passed_over(*key, document.name)
        if not document.is_bare and (dated.when is None or dated.when.what is not What.GONE):
            self.signs |= dict.fromkeys(signs_of(document))
        is_read = not passed_over and (key in POLICY_READERS or key in OBJECT_READERS)
        if is_read and not document.is_bare:
            self._read(dated)
            return
        hint = "" if is_read or passed_over else misspelt(document)
        if (language := language_of(*key)) and not hint:
            self._note_other(document, language)
        elif document.is_bare and not passed_over:
            self.gathering.keep(None, dated, NO_TIMES, is_policy=key in POLICY_READERS)
        elif hint:
            document.problems.clear()
            document.report(f"there is no such kind in {document.api_version}", hint, path="kind")
            self._refuse(dated)
        elif hides_policies(document):
            hint = "oc process -f FILE -o yaml | flowcheck ... --cluster -"
            document.report("is a template, so the policies in it are not known", hint)
            self._refuse(dated)
        else:
            self.journal.leave_unread(document.api_version, document.kind, document.source)

    def _note_other(self, document: Document, language: str) -> None:
        """Once for each object, however often a history tells of it."""
        key = (document.group, document.kind, document.namespace, document.name)
        if key in self.other_policies:
            return
        self.other_policies[key] = OtherPolicy(language, document.api_version, *key[1:], document.source)
        reason = f"a policy in the language of {language}, which is not read"
        self.journal.skip(document.kind, document.name, reason, document.source)

    def _read(self, dated: Dated) -> None:
        document, digest = dated.document, digest_of(dated)
        found = self.repeated.find(dated, digest) if digest else None
        value, own_times = found or self._read_anew(dated)
        if value is not None and not document.problems:
            self.gathering.keep(value, dated, own_times, is_policy=isinstance(value, Policy))
        if value is None or document.problems:
            self._refuse(dated)
            return
        if digest:
            self.repeated.keep(dated, digest, value, own_times)
        if not document.are_none:
            self.journal.warnings += document.warnings
            self.journal.oddities.add(document.oddities)
        if self.texts is not None and isinstance(value, WITH_TEXT):
            name = value.name if isinstance(value, Policy) else document.name
            key = text_key(called(document.group, document.kind), document.namespace, name, document.source)
            self.texts.setdefault(key, needed_text(document, name))

    def _read_anew(self, dated: Dated) -> tuple[Value | None, OwnTimes]:
        """What the document says, None if that cannot be read, and the times it tells of itself."""
        document, when, kept = dated
        own_times, value = NO_TIMES, _value_of(dated)
        if value is not None and when is not None:
            try:
                own_times = read_own_times(document)
            except ManifestError:
                value = None
        if not document.name and isinstance(value, Policy):
            document.warn("has no metadata.name")
            value = replace(value, name=value.name or f"unnamed-{self.journal.documents}")
        elif not document.name:
            document.report("has no metadata.name")
        if kept is not None and value is not None:
            value = kept.apply(value)
        return (None if value is None else named(value, document.name)), own_times

    def _refuse(self, dated: Dated) -> None:
        document = dated.document
        if dated.kept is not None:
            document.problems = [dated.kept.located(problem) for problem in document.problems]
        self.refused_policies += (document.group, document.kind) in POLICY_READERS
        self.journal.refuse(document.problems, document.kind, document.name, document.source)

    def finish(self, *, keep_going: bool) -> Cluster:
        journal = self.journal
        problems = journal.all_problems()
        passed_over = *journal.passed_over(), *journal.kustomizations.warnings()
        if problems and not keep_going:
            refused = sum(one.is_refused for one in journal.skipped)
            error = PolicyError if refused == self.refused_policies else ManifestError
            raise error(f"{counted(len(problems), 'problem')} in the manifests", problems=problems)
        if not journal.objects and not problems:
            found = "Kubernetes objects" if journal.documents else "YAML or JSON documents"
            raise ManifestError(
                f"no {found} found",
                hint="; ".join(["give files or folders of *.yaml, *.yml or *.json", *passed_over]),
                problems=[Problem(one.reason, str(one.source)) for one in journal.skipped],
            )
        coverage = self.gathering.closed()
        cluster, self.namespaces = assemble(self.gathering.chronicle, coverage)
        others = tuple(self.other_policies.values())
        return replace(
            cluster,
            skipped=(*journal.all_skipped(), *refused_by_engines(cluster)),
            other_policies=others,
            signs=tuple(self.signs),
            warnings=(
                *other_languages(others),
                *gaps(cluster),
                *passed_over,
                *everything_but(self.gathering.chronicle.kinds, cluster),
                *journal.warnings,
                *journal.oddities.warnings(),
                *unkept_writes(journal.unkept_writes),
                *coverage.warnings(POLICY_KINDS | PEER_KINDS),
                *policy_warnings(cluster),
                *pitfalls(cluster),
            ),
            inputs=dict(journal.inputs),
        )
