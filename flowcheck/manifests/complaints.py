"""What is wrong with one object, or odd, collected while it is read: nothing is lost, nothing raised."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from flowcheck.errors import Problem
from flowcheck.manifests.oddities import Oddity, Sort
from flowcheck.model.places import SourceLocation

MAX_PROBLEMS = 20
"""Of one object; past that the reader has been told enough."""


def likely(word: str, allowed: Iterable[str]) -> str:
    """What a word that is none of those allowed was likely meant as, as a hint; empty: nothing is near."""
    by_lower = {one.lower(): one for one in allowed}
    if word.lower() in by_lower:
        return f"write {by_lower[word.lower()]}"
    near = get_close_matches(word.lower(), by_lower, 1)
    return f"did you mean {by_lower[near[0]]}?" if near else ""


class Complaints:
    """``source`` is where the object begins. ``problems`` make it unusable, ``warnings`` do not; ``oddities``
    are values that others may read otherwise. ``doubts`` counts what the API server takes and no library
    reads."""

    __slots__ = ("doubts", "kind", "name", "namespace", "oddities", "problems", "source", "warnings")

    def __init__(self, source: SourceLocation, kind: str, namespace: str, name: str) -> None:
        self.source, self.kind, self.namespace, self.name = source, kind, namespace, name
        self.problems: list[Problem] = []
        self.warnings: list[str] = []
        self.oddities: list[Oddity] = []
        self.doubts = 0

    @property
    def title(self) -> str:
        """How a message names the object: kind, then namespace/name as far as known."""
        return f"{self.kind} {self.namespace + '/' if self.namespace else ''}{self.name}".strip()

    @property
    def are_none(self) -> bool:
        return not (self.problems or self.warnings or self.oddities or self.doubts)

    def place(self, line: int = 0) -> SourceLocation:
        """A line of the object's file; without one where the object begins."""
        return SourceLocation(self.source.file, line or self.source.line)

    def report(self, message: str, hint: str = "", *, path: str = "", line: int = 0) -> None:
        """Something makes the object unusable; the place is given as ``file:line field.path``."""
        if len(self.problems) < MAX_PROBLEMS:
            text = f"{self.title}: {message}" if self.title else message
            self.problems.append(Problem(text, f"{self.place(line)} {path}".strip(), hint))

    def warn(self, message: str, line: int = 0) -> None:
        """The object stands, but its writer may have meant something else."""
        self.warnings.append(f"{self.place(line)} {self.title}: {message}")

    def note(self, sort: Sort, text: str, read_as: str, line: int = 0) -> None:
        """A value was read that others may read otherwise."""
        self.oddities.append(Oddity(sort, text, read_as, self.title, self.place(line)))
