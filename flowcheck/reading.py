"""Paths -> the cluster that an audit is made against, with its policies: the composition of the left side.

Every problem of every document is collected and raised at once; with ``keep_going`` the documents
that have problems are left out, listed as refused, and the rest stands.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from flowcheck.advice.gaps import gaps
from flowcheck.advice.mistaken import hides_policies, misspelt
from flowcheck.advice.pitfalls import pitfalls
from flowcheck.advice.policies import remarks
from flowcheck.counted import counted
from flowcheck.dialects import READERS as POLICY_READERS
from flowcheck.errors import ManifestError, PolicyError, Problem
from flowcheck.history.assembly import READERS as OBJECT_READERS
from flowcheck.history.gathering import Gathering
from flowcheck.history.inventory import read_rows
from flowcheck.history.inventory.recording import Recording, TextKey, text_key
from flowcheck.history.inventory.texts import needed_text
from flowcheck.history.repeated import Recall, digest_of
from flowcheck.history.sameness import named
from flowcheck.history.sightings import At
from flowcheck.history.sources import read_documents
from flowcheck.kinds import language_of
from flowcheck.manifests.documents import Document
from flowcheck.manifests.files.paths import PathLike
from flowcheck.manifests.journal import Journal
from flowcheck.model.cluster import Cluster, OtherPolicy, Service
from flowcheck.model.policy import Policy
from flowcheck.model.ranges import PodRanges
from flowcheck.objects.times import NO_STAMPS, Stamps, read_stamps

_JUDGED = frozenset(
    {"Namespace", "Node", "Pod", "Service", "EndpointSlice", *(kind for _, kind in POLICY_READERS)}
)
"""The kinds whose absence from a later snapshot is worth a word."""


def load_cluster(
    paths: Iterable[PathLike] | PathLike,
    *,
    policies: Iterable[PathLike] | PathLike = (),
    replace_policies: bool = False,
    keep_going: bool = False,
    at: At = None,
) -> Cluster:
    """Read the cluster under ``paths``: files, folders, or ``-`` for standard input.

    Each may be of another time: snapshots whose file's or folder's name tells when they were taken (else
    ``at``: microseconds since 1970, or "mtime", each file's modification time), watch streams, audit logs.
    What has no time holds for all times.

    ``policies`` are read in addition; with ``replace_policies`` they take the place of the policies under
    ``paths``. Of any other object that both hold, the one under ``paths`` stands. With ``keep_going``
    documents with problems are left out, and listed in ``skipped`` with a reason that begins "refused: ".

    Raises:
        ManifestError: something could not be read, or would be refused by the API server; ``problems``
            has all of it. :class:`PolicyError` where only policies are wrong.
    """
    loader = _Loader()
    loader.read_all(_as_list(paths), at, without_policies=replace_policies)
    loader.gathering.beside_the_cluster = True
    loader.read_all(_as_list(policies))
    return loader.finish(keep_going=keep_going)


def load_recording(
    paths: Iterable[PathLike] | PathLike, *, keep_going: bool = False, at: At = None
) -> Recording:
    """Read a cluster as ``load_cluster`` does, with all that an inventory keeps of it."""
    loader = _Loader(texts={})
    loader.read_all(_as_list(paths), at)
    cluster = loader.finish(keep_going=keep_going)
    return Recording(cluster, loader.gathering.snapshot.namespaces, loader.texts or {})


def _as_list(paths: Iterable[PathLike] | PathLike) -> list[PathLike]:
    return [paths] if isinstance(paths, str | os.PathLike) else list(paths)


def _is_policy(document: Document) -> bool:
    key = (document.group, document.kind)
    return key in POLICY_READERS or bool(language_of(*key))


@dataclass(slots=True)
class _Loader:
    """The state of one load. ``refused_policies`` counts the refused documents that are policies."""

    journal: Journal = field(default_factory=Journal)
    gathering: Gathering = field(init=False)
    refused_policies: int = 0
    recall: Recall = field(default_factory=Recall)
    texts: dict[TextKey, str] | None = None
    other_policies: dict[tuple[str, ...], OtherPolicy] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.gathering = Gathering(self.journal)

    def read_all(self, paths: list[PathLike], at: At = None, *, without_policies: bool = False) -> None:
        for document in read_documents(paths, self.journal, at, read_rows):
            if not (without_policies and _is_policy(document)):
                self.read(document)

    def read(self, document: Document) -> None:
        """Read one document by its kind, into the snapshot or the journal."""
        key = (document.group, document.kind)
        hint = "" if key in POLICY_READERS or key in OBJECT_READERS else misspelt(document)
        if (language := language_of(*key)) and not hint:
            self._note_other(document, language)
        elif document.is_bare:
            self.gathering.keep(None, document, NO_STAMPS, is_policy=key in POLICY_READERS)
        elif key in POLICY_READERS:
            self._read_with(POLICY_READERS[key], document)
        elif key in OBJECT_READERS:
            self._read_with(OBJECT_READERS[key], document)
        elif hint:
            document.problems.clear()
            document.report(f"there is no such kind in {document.api_version}", hint, path="kind")
            self._refuse(document)
        elif hides_policies(document):
            hint = "oc process -f FILE -o yaml | flowcheck ... --cluster -"
            document.report("is a template, so the policies in it are not known", hint)
            self._refuse(document)
        else:
            self.journal.leave_unread(document.api_version, document.kind, document.source)

    def _note_other(self, document: Document, language: str) -> None:
        """Once for each object, however often a history tells of it."""
        key = (document.group, document.kind, document.namespace, document.name)
        if key in self.other_policies:
            return
        self.other_policies[key] = OtherPolicy(
            language,
            document.api_version,
            document.kind,
            document.namespace,
            document.name,
            document.source,
        )
        reason = f"a policy in the language of {language}, which is not read"
        self.journal.skip(document.kind, document.name, reason, document.source)

    def _read_with(self, reader: Any, document: Document) -> None:
        digest = digest_of(document) if document.when is not None else b""
        recalled = self.recall.find(document, digest) if digest else None
        value, stamps = recalled or self._read_anew(reader, document)
        if not document.problems:
            self.gathering.keep(value, document, stamps, is_policy=isinstance(value, Policy))
        if document.problems:
            self._refuse(document)
            return
        if digest:
            self.recall.keep(document, digest, value, stamps)
        self.journal.warnings += document.warnings
        self.journal.oddities.add(document.oddities)
        if self.texts is not None and isinstance(value, Policy | Service | PodRanges | list):
            key = text_key(document.kind, document.namespace, document.name, document.source)
            self.texts.setdefault(key, needed_text(document, document.name))

    def _read_anew(self, reader: Any, document: Document) -> tuple[Any, Stamps]:
        stamps = NO_STAMPS
        try:
            value = reader(document)
            if document.when is not None:
                stamps = read_stamps(document)
        except ManifestError:
            value = None
        if not document.name and isinstance(value, Policy):
            document.warn("has no metadata.name")
            value = replace(value, name=value.name or f"unnamed-{self.journal.documents}")
        elif not document.name:
            document.report("has no metadata.name")
        if document.told is not None and value is not None:
            value = document.told.apply(value)
        return named(value, document.name), stamps

    def _refuse(self, document: Document) -> None:
        if document.told is not None:
            document.problems = [document.told.located(problem) for problem in document.problems]
        self.refused_policies += (document.group, document.kind) in POLICY_READERS
        self.journal.refuse(document.problems, document.kind, document.name, document.source)

    def finish(self, *, keep_going: bool) -> Cluster:
        journal = self.journal
        problems = journal.all_problems()
        if problems and not keep_going:
            refused = sum(one.is_refused for one in journal.skipped)
            error = PolicyError if refused == self.refused_policies else ManifestError
            raise error(f"{counted(len(problems), 'problem')} in the manifests", problems=problems)
        if not journal.objects and not problems:
            found = "Kubernetes objects" if journal.documents else "YAML or JSON documents"
            raise ManifestError(
                f"no {found} found",
                hint="; ".join(
                    [
                        "give files or folders of *.yaml, *.yml or *.json",
                        *journal.remarks(),
                        *journal.kustomizations.remarks(),
                    ]
                ),
                problems=[Problem(one.reason, str(one.source)) for one in journal.skipped],
            )
        cluster = self.gathering.snapshot.cluster(journal.broken_watches)
        others = tuple(self.other_policies.values())
        unread = [
            f"{number} x {kind} not read: it is in the language of {language}, so verdicts leave it out"
            for (language, kind), number in sorted(
                Counter((one.language, one.kind) for one in others).items()
            )
        ]
        unkept = [
            f"{number} x {kind} written in an audit log that does not keep what was written: its history is "
            "incomplete (log it at level RequestResponse)"
            for kind, number in sorted(journal.unkept_writes.items())
        ]
        history = self.gathering.snapshot.coverage.remarks(_JUDGED)
        return replace(
            cluster,
            skipped=journal.all_skipped(),
            other_policies=others,
            warnings=(
                *unread,
                *gaps(cluster),
                *journal.remarks(),
                *journal.kustomizations.remarks(),
                *_everything_but(self.gathering.snapshot.kinds, cluster),
                *journal.warnings,
                *journal.oddities.remarks(),
                *unkept,
                *history,
                *remarks(cluster),
                *pitfalls(cluster),
            ),
            inputs=dict(journal.inputs),
        )


def _everything_but(kinds: set[str], cluster: Cluster) -> Iterator[str]:
    """``kubectl get all`` is taken for everything, and holds no policy, Namespace, Node or EndpointSlice."""
    absent = {"Namespace", "Node", "EndpointSlice", "Endpoints", *(kind for _, kind in POLICY_READERS)}
    if kinds >= {"Pod", "Service"} and not kinds & absent and any(pod.addresses for pod in cluster.pods):
        yield (
            "no policies, Namespaces, Nodes or EndpointSlices were read; `kubectl get all` gives none: "
            "add kubectl get -A -o json namespaces,nodes,endpointslices,networkpolicies"
        )
