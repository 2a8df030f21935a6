"""Paths -> the cluster that an audit is made against, with its policies: the composition of the left side.

Every problem of every document is collected and raised at once; with ``keep_going`` the documents
that have problems are left out, listed as refused, and the rest stands.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from flowcheck.dialects import KINDS_BESIDE_POLICIES, OTHER_LANGUAGES
from flowcheck.dialects import READERS as POLICY_READERS
from flowcheck.errors import ManifestError, PolicyError
from flowcheck.manifests.documents import Document
from flowcheck.manifests.files import PathLike
from flowcheck.manifests.journal import Journal
from flowcheck.manifests.names import DEFAULT_NAMESPACE
from flowcheck.manifests.remarks import remarks
from flowcheck.manifests.snapshot import CLUSTER_SCOPED, Snapshot, unplaced
from flowcheck.manifests.snapshot import READERS as OBJECT_READERS
from flowcheck.manifests.streams import read_documents
from flowcheck.model.cluster import Cluster
from flowcheck.model.policy import Policy

_BUILT_IN = ("", "apps", "batch", "extensions")


def load_cluster(
    paths: Iterable[PathLike] | PathLike,
    *,
    policies: Iterable[PathLike] | PathLike = (),
    replace_policies: bool = False,
    keep_going: bool = False,
) -> Cluster:
    """Read the cluster under ``paths``: files, folders, or ``-`` for standard input.

    ``policies`` are read in addition; with ``replace_policies`` they take the place of the policies under
    ``paths``. Of any other object that both hold, the one under ``paths`` stands. With ``keep_going``
    documents with problems are left out, and listed in ``skipped`` with a reason that begins "refused: ".

    Raises:
        ManifestError: something could not be read, or would be refused by the API server; ``problems``
            has all of it. :class:`PolicyError` where only policies are wrong.
    """
    loader = _Loader()
    for document in read_documents(_as_list(paths), loader.journal):
        if not (replace_policies and _is_policy(document)):
            loader.read(document)
    loader.beside_the_cluster = True
    for document in read_documents(_as_list(policies), loader.journal):
        loader.read(document)
    return loader.finish(keep_going=keep_going)


def _as_list(paths: Iterable[PathLike] | PathLike) -> list[PathLike]:
    return [paths] if isinstance(paths, str | os.PathLike) else list(paths)


def _is_policy(document: Document) -> bool:
    key = (document.group, document.kind)
    return key in POLICY_READERS or key in OTHER_LANGUAGES


@dataclass(slots=True)
class _Loader:
    """The state of one load. ``refused_policies`` counts the refused documents that are policies."""

    journal: Journal = field(default_factory=Journal)
    snapshot: Snapshot = field(default_factory=Snapshot)
    beside_the_cluster: bool = False
    refused_policies: int = 0
    other_languages: Counter[tuple[str, str]] = field(default_factory=Counter)

    def read(self, document: Document) -> None:
        """Read one document by its kind, into the snapshot or the journal."""
        key = (document.group, document.kind)
        if key in POLICY_READERS:
            self._read_with(POLICY_READERS[key], document)
        elif key in OBJECT_READERS:
            self._read_with(OBJECT_READERS[key], document)
        elif key in OTHER_LANGUAGES:
            language = OTHER_LANGUAGES[key]
            self.other_languages[language, document.kind] += 1
            reason = f"a policy in the language of {language}, which is not read"
            self.journal.skip(document.kind, document.name, reason, document.source)
        elif hint := _misspelt(document):
            document.problems.clear()
            document.report(f"there is no such kind in {document.api_version}", hint, path="kind")
            self._refuse(document)
        else:
            self.journal.leave_unread(document.api_version, document.kind, document.source)

    def _read_with(self, reader: Any, document: Document) -> None:
        try:
            value = reader(document)
        except ManifestError:
            value = None
        if not document.name and isinstance(value, Policy):
            document.warn("has no metadata.name")
            value = replace(value, name=value.name or f"unnamed-{self.journal.documents}")
        elif not document.name:
            document.report("has no metadata.name")
        if not document.problems:
            self._keep(value, document)
        if document.problems:
            self._refuse(document)
        else:
            self.journal.warnings += document.warnings

    def _keep(self, value: Any, document: Document) -> None:
        """One object of each name: a second one is the same, or beside the cluster, or a problem."""
        scoped = document.kind in CLUSTER_SCOPED or (isinstance(value, Policy) and not value.namespace)
        namespace = "" if scoped else document.namespace or DEFAULT_NAMESPACE
        name = value.name if isinstance(value, Policy) else document.name
        before = self.snapshot.add((document.kind, namespace, name), value, document.source)
        if before is None:
            return
        first, place = before
        if unplaced(first) == unplaced(value):
            if isinstance(value, Policy):
                document.warn(f"stands twice, the same at {place}")
        elif self.beside_the_cluster and not isinstance(value, Policy):
            document.warn(f"differs from the one at {place}, which is used")
        else:
            hint = (
                "--replace-policies takes those given beside the cluster" if self.beside_the_cluster else ""
            )
            document.report(f"stands twice, with other content at {place}", hint or "keep one")

    def _refuse(self, document: Document) -> None:
        self.refused_policies += (document.group, document.kind) in POLICY_READERS
        self.journal.refuse(document.problems, document.kind, document.name, document.source)

    def finish(self, *, keep_going: bool) -> Cluster:
        journal = self.journal
        if journal.problems and not keep_going:
            refused = sum(one.reason.startswith("refused: ") for one in journal.skipped)
            error = PolicyError if refused == self.refused_policies else ManifestError
            number = len(journal.problems)
            raise error(
                f"{number} problem{'s' if number > 1 else ''} in the manifests", problems=journal.problems
            )
        if not journal.documents and not journal.problems:
            raise ManifestError(
                "no YAML or JSON documents found", hint="give files or folders of *.yaml, *.yml or *.json"
            )
        cluster = self.snapshot.cluster()
        unread = [
            f"{number} x {kind} not read: it is in the language of {language}, so verdicts leave it out"
            for (language, kind), number in sorted(self.other_languages.items())
        ]
        return replace(
            cluster,
            skipped=journal.all_skipped(),
            warnings=(*journal.warnings, *unread, *remarks(cluster)),
            inputs=dict(journal.inputs),
        )


def _misspelt(document: Document) -> str:
    """What a kind that is not read may have been meant as: one lost policy makes every verdict wrong."""
    group, kind = document.group, document.kind
    known = [(g, k) for g, k in (*POLICY_READERS, *OBJECT_READERS) if k.lower() == kind.lower()]
    if known and (group in _BUILT_IN or group.endswith(".k8s.io")):
        right = next(((g, k) for g, k in known if g == group), known[0])
        return f"did you mean {right[1]} of {right[0] or 'v1'}?"
    if group in KINDS_BESIDE_POLICIES and kind not in KINDS_BESIDE_POLICIES[group]:
        return "did you mean " + " or ".join(k for g, k in POLICY_READERS if g == group) + "?"
    return ""
