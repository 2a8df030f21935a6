"""What of the inputs took no part, and why."""

from __future__ import annotations

from dataclasses import dataclass

from flowcheck.counted import counted
from flowcheck.model.places import NOWHERE, SourceLocation

REFUSED = "refused: "
"""How the reason begins of a document that was left out for its problems."""


BY_ITS_ENGINE = "refused by its engine: "
"""How the reason begins of a policy that the API server took and that its engine refuses: nothing of it is in
force, so that leaving it out is right."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A document that took no part, and why. ``kind`` may be empty where there was none."""

    kind: str
    name: str
    reason: str
    source: SourceLocation = NOWHERE

    @property
    def is_refused(self) -> bool:
        """Whether it was left out for its problems, and not as one that takes no part."""
        return self.reason.startswith(REFUSED)

    @property
    def is_refused_by_its_engine(self) -> bool:
        return self.reason.startswith(BY_ITS_ENGINE)

    def __str__(self) -> str:
        return f"{self.source}: {' '.join(filter(None, (self.kind, self.name, self.reason)))}"


@dataclass(frozen=True, slots=True)
class OtherPolicy:
    """An object that may restrict traffic, in a language that is not read; verdicts leave it out."""

    language: str
    api_version: str
    kind: str
    namespace: str
    name: str
    source: SourceLocation = NOWHERE


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Policies in the language of an engine that was not taken.

    ``title`` is that engine's, ``first`` one of them with its place, ``because`` why they are left out.
    ``sign`` tells that their engine runs all the same, so that they may be in force; empty: nothing does.
    """

    title: str
    policies: int
    first: str
    because: str
    sign: str = ""

    def __str__(self) -> str:
        number = counted(self.policies, "policy", "policies")
        return f"{number} in the language of {self.title} left out {self.because}"
