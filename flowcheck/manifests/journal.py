"""What is noted while manifests are read: problems, documents that took no part, warnings, inputs.

Everything is collected and reported at once; nothing here raises. ``reading`` owns the one journal
of a run and decides in the end whether its problems stop it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from flowcheck.counted import listed
from flowcheck.errors import Problem
from flowcheck.manifests.kustomize import Kustomizations
from flowcheck.manifests.oddities import Oddities
from flowcheck.model.left_out import REFUSED, Skipped
from flowcheck.model.places import NOWHERE, SourceLocation

_MOST_FILES = 5


@dataclass(slots=True)
class Journal:
    """``inputs`` maps each file read to the SHA-256 of its bytes; ``documents`` counts what was in them.

    ``audit_logs`` and ``broken_watches`` are files: those with audit events, those whose watch reported an
    error. ``unkept_writes`` counts, by kind, the writes of which an audit log does not have the object.
    ``charts`` holds what is said of templates, by the Helm chart they are of (empty: none). ``generated``
    counts, by kind, namespace and prefix, the objects whose names the API server would make up. ``objects``
    counts what was for Kubernetes: objects and Lists; ``foreign`` are the files with anything that was not,
    ``unread`` those in folders that were not opened, as their names are not those of manifests.
    """

    problems: list[Problem] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    inputs: dict[str, str] = field(default_factory=dict)
    documents: int = 0
    audit_logs: set[str] = field(default_factory=set)
    broken_watches: set[str] = field(default_factory=set)
    unkept_writes: Counter[str] = field(default_factory=Counter)
    kustomizations: Kustomizations = field(default_factory=Kustomizations)
    charts: dict[str, list[Problem]] = field(default_factory=dict)
    oddities: Oddities = field(default_factory=Oddities)
    objects: int = 0
    foreign: dict[str, None] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    generated: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _unread: Counter[tuple[str, str]] = field(default_factory=Counter)
    _unread_first: dict[tuple[str, str], SourceLocation] = field(default_factory=dict)

    @property
    def taken(self) -> tuple[int, int]:
        """Grows with every object, and with everything that was refused."""
        return (self.objects, len(self.problems) + sum(map(len, self.charts.values())))

    def refuse(
        self, problems: Sequence[Problem], kind: str = "", name: str = "", source: SourceLocation = NOWHERE
    ) -> None:
        """Note a document or file that is wrong: it takes no part; without ``--keep-going`` nothing does."""
        self.problems += problems
        self.skipped.append(Skipped(kind, name, f"{REFUSED}{_without_file(problems[0])}", source))

    def refuse_part(self, source: SourceLocation, message: str, hint: str = "") -> None:
        """Note a part of a file that is no document at all."""
        self.documents += 1
        self.refuse([Problem(message, str(source), hint)], source=source)

    def leave_out(self, source: SourceLocation, reason: str) -> None:
        """Note a document that is not for Kubernetes."""
        self.documents += 1
        self.foreign[source.file] = None
        self.skip("", "", reason, source)

    def refuse_template(self, problem: Problem, chart: str, source: SourceLocation) -> None:
        """Note a template, of a Helm chart unless ``chart`` is empty."""
        self.documents += 1
        self.charts.setdefault(chart, []).append(problem)
        self.skipped.append(Skipped("", "", f"{REFUSED}{_without_file(problem)}", source))

    def passed_over(self) -> Iterator[str]:
        if self.foreign:
            yield f"left out, as it holds no Kubernetes objects: {listed(self.foreign, _MOST_FILES)}"
        if self.unread:
            yield f"left out, not manifests by their names: {listed(self.unread, _MOST_FILES)}"

    def all_problems(self) -> list[Problem]:
        """Every problem; of a chart's templates the first, with the number of the others."""
        problems = [*self.problems, *self.charts.get("", ())]
        for chart, (first, *others) in self.charts.items():
            if chart:
                more = f", nor those of {len(others)} more beside it" if others else ""
                problems.append(replace(first, message=first.message + more))
        return problems

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


def _without_file(problem: Problem) -> str:
    """A problem with the field it is in and what to do, but not the file, which stands beside it."""
    field_path = problem.where.partition(" ")[2]
    return str(Problem(problem.message, field_path, problem.hint))
