"""What is noted while manifests are read: problems, documents that took no part, warnings, inputs.

Everything is collected and reported at once; nothing here raises. ``loading`` owns the one journal
of a run and decides in the end whether its problems stop it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from flowcheck.errors import Problem
from flowcheck.model.cluster import REFUSED, Skipped
from flowcheck.model.policy import NOWHERE, SourceLocation


@dataclass(slots=True)
class Journal:
    """``inputs`` maps each file read to the SHA-256 of its bytes; ``documents`` counts what was in them.

    ``audit_logs`` and ``broken_watches`` are files: those with audit events, those whose watch reported an
    error. ``unkept_writes`` counts, by kind, the writes of which an audit log does not have the object.
    """

    problems: list[Problem] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    inputs: dict[str, str] = field(default_factory=dict)
    documents: int = 0
    audit_logs: set[str] = field(default_factory=set)
    broken_watches: set[str] = field(default_factory=set)
    unkept_writes: Counter[str] = field(default_factory=Counter)
    _unread: Counter[tuple[str, str]] = field(default_factory=Counter)
    _unread_first: dict[tuple[str, str], SourceLocation] = field(default_factory=dict)

    def refuse(
        self, problems: Sequence[Problem], kind: str = "", name: str = "", source: SourceLocation = NOWHERE
    ) -> None:
        """Note a document or file that is wrong: it takes no part; without ``--keep-going`` nothing does."""
        self.problems += problems
        self.skipped.append(Skipped(kind, name, f"{REFUSED}{problems[0].message}", source))

    def refuse_part(self, source: SourceLocation, message: str, hint: str = "") -> None:
        """Note a part of a file that is no document at all."""
        self.documents += 1
        self.refuse([Problem(message, str(source), hint)], source=source)

    def skip(self, kind: str, name: str, reason: str, source: SourceLocation) -> None:
        """Note a document or file that takes no part for a good reason."""
        self.skipped.append(Skipped(kind, name, reason, source))

    def leave_unread(self, api_version: str, kind: str, source: SourceLocation) -> None:
        """Count a document of a kind that says nothing about who may talk to whom."""
        self._unread[api_version, kind] += 1
        self._unread_first.setdefault((api_version, kind), source)

    def all_skipped(self) -> tuple[Skipped, ...]:
        """Every skipped document; kinds that are not read stand once each, with their number."""
        counted = [
            Skipped(kind, "", f"not a kind that is read: {number} x {api_version or '?'} {kind}", source)
            for (api_version, kind), number in sorted(self._unread.items())
            for source in (self._unread_first[api_version, kind],)
        ]
        return (*self.skipped, *counted)
