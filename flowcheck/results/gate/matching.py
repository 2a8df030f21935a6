"""Which findings an entry of an ignore file is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from flowcheck.results.finding.changes import DEFAULT_DENY
from flowcheck.results.records.findings import Finding


@dataclass(frozen=True, slots=True)
class Match:
    """All that is given must hold; None or empty: anything. In all but ``id``, ``kind`` and ``port``, ``*``
    stands for any text.

    ``port``: ``443`` or ``443/TCP``. ``policies``: every deciding policy is like one of these, by its name,
    with or without its rule; one that is not would forbid it all the same.
    """

    id: str = ""
    kind: str = ""
    src: str = ""
    dst: str = ""
    port: str = ""
    policies: tuple[str, ...] = ()

    def covers(self, finding: Finding) -> bool:
        return (
            self.id in ("", finding.fingerprint)
            and self.kind in ("", finding.kind)
            and (not self.src or is_like(self.src, finding.source))
            and (not self.dst or is_like(self.dst, finding.destination))
            and (not self.port or self.port in (str(finding.port), f"{finding.port}/{finding.protocol}"))
            and (not self.policies or self._decided_by_these(finding))
        )

    def _decided_by_these(self, finding: Finding) -> bool:
        return bool(finding.policies) and all(
            any(is_like(pattern, name) for pattern in self.policies for name in _names(policy))
            for policy in finding.policies
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """``at``: its file:line. ``expires``: the last day on which it hides anything."""

    match: Match
    reason: str
    owner: str
    at: str
    expires: date | None = None


def is_like(pattern: str, text: str) -> bool:
    """Whether a text is a pattern in which ``*`` stands for any text; takes no longer than both are.

    Not: fnmatch, for which the brackets in a rule's name are a set of characters."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    *middle, last = rest
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    place, end = len(first), len(text) - len(last)
    for part in middle:
        place = text.find(part, place, end)
        if place < 0:
            return False
        place += len(part)
    return True


def _names(decider: str) -> Iterator[str]:
    """``default-deny by kind/ns/name``, ``kind/ns/name[rule]``: itself, and by less and less."""
    yield decider
    policy = decider.removeprefix(DEFAULT_DENY)
    yield policy
    yield policy.partition("[")[0]
