"""Changes: edges whose verdict is another, gathered as a reader tells them apart; the gravest first."""

from __future__ import annotations

import ipaddress
from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from flowcheck import arrays as a
from flowcheck.arrays import Int64
from flowcheck.compile import Program
from flowcheck.kernels.books import number_distinct
from flowcheck.model.instants import instant_text
from flowcheck.model.protocols import protocol_word
from flowcheck.model.verdict import Reason, Verdict
from flowcheck.results.diff.kinds import KINDS, OUTCOME
from flowcheck.results.diff.twice import Twice
from flowcheck.results.exact import exact_sums
from flowcheck.results.finding.examples import Examples
from flowcheck.results.finding.folding import members_of
from flowcheck.results.finding.gathering import (
    OBSERVED,
    Told,
    first_places,
    ranges_of,
)
from flowcheck.results.finding.violating import deciding
from flowcheck.results.known_ends import is_outside
from flowcheck.results.records.diff import Change, Decided

_VERDICTS, _REASONS = tuple(map(str, Verdict)), tuple(map(str, Reason))
_KIND_OF = {a.DENY: a.FORWARDED_DENIED, a.ALLOW: a.DROPPED_ALLOWED}
"""What :func:`deciding` calls the sides that deny, or that allow."""


class Changes(NamedTuple):
    """``listed`` in the order of the report; ``by_kind``: how many there are by the codes of KINDS; how many
    are not listed, and of how many records."""

    listed: tuple[Change, ...]
    by_kind: Counter[int]
    more: int
    more_records: int


class Cause(NamedTuple):
    """What changes share, ports and ends aside. ``outcome``: a code of OUTCOME."""

    kind: int
    outcome: int
    before: Decided
    after: Decided


class End(NamedTuple):
    """``after``: who it is in the other cluster, empty where that is the same."""

    name: str
    after: str


def gather_changes(found: Twice, examples: Examples, told: Told, most: int) -> Changes:
    """The changes in the order of their kinds, of each the most records first; the first ``most`` of them.
    ``examples`` and ``told``: as :func:`flowcheck.results.finding.gathering.gather_findings` has them."""
    gathering = _Gathering(found)
    members, edges = gathering.members, found.edges[0]
    records, flows, bytes_ = (
        exact_sums(column[members.rows], members.starts)
        for column in (edges.records, edges.flows, edges.bytes_)
    )
    kinds = gathering.kinds
    shown = sorted(
        first_places(kinds, records, most, gathering.name),
        key=lambda place: (kinds[place], -records[place], gathering.name(place)),
    )
    which = np.full(len(found.keys), -1, dtype=np.int64)
    for nth, place in enumerate(shown):
        which[members.of(place)] = nth
    shown_at = examples.earliest(found.keys, which, len(shown))
    has_bytes = bool(edges.bytes_.any())
    listed = tuple(
        Change(
            **gathering.described(place),
            records=records[place],
            flows=flows[place],
            bytes=bytes_[place] if has_bytes else None,
            example=example,
        )
        for place, example in zip(shown, told(shown_at), strict=True)
    )
    left = set(range(len(records))).difference(shown)
    return Changes(listed, Counter(kinds), len(left), sum(records[place] for place in left))


class _Gathering:
    """The edges whose verdict is another, by the change that they are of."""

    def __init__(self, found: Twice) -> None:
        self._edges = edges = found.edges[0]
        rows = np.flatnonzero(found.kind)
        self._causes, cause = _causes(found, rows)
        self._sources, source = _ends(found, rows, "source")
        self._destinations, destination = _ends(found, rows, "destination")
        words = cause << 8 | edges.protocol[rows]
        _, numbers = number_distinct(words, source << a.HALF | destination)
        self.members = members_of(rows, edges.port[rows], numbers)
        self._firsts = self.members.rows[self.members.starts]
        at = np.searchsorted(rows, self._firsts)
        self._cause, self._source, self._destination = cause[at], source[at], destination[at]
        self.kinds: list[int] = found.kind[self._firsts].tolist()
        """(changes,) codes of KINDS."""

    def name(self, place: int) -> tuple[object, ...]:
        """What tells a change from all others of its kind, in the order of the report."""
        said, source, destination = self._said(place)
        port = -1 if self.members.folded[place] else int(self._edges.port[self._firsts[place]])
        decided = [_words(one) for one in (said.before, said.after)]
        return source, destination, self._protocol(place), port, said.outcome, *decided

    def described(self, place: int) -> dict[str, Any]:
        """The fields of a change, but for its sums and its example."""
        said, source, destination = self._said(place)
        edges, own, folded = self._edges, self.members.of(place), bool(self.members.folded[place])
        ports = np.unique(edges.port[own])
        known = not folded and ports[0] >= 0
        return {
            "kind": str(KINDS[said.kind]),
            "source": source.name,
            "destination": destination.name,
            "source_after": source.after,
            "destination_after": destination.after,
            "port": int(ports[0]) if known else None,
            "ports": ranges_of(ports) if folded else (),
            "n_ports": len(ports) if folded else 0,
            "protocol": self._protocol(place),
            "observed": ", ".join(sorted(OBSERVED[n] for n in np.unique(edges.observed[own]).tolist())),
            "before": said.before,
            "after": said.after,
            "first_seen": instant_text(int(edges.first_seen[own].min())),
            "last_seen": instant_text(int(edges.last_seen[own].max())),
        }

    def _said(self, place: int) -> tuple[Cause, End, End]:
        ends = self._sources[self._source[place]], self._destinations[self._destination[place]]
        return self._causes[self._cause[place]], *ends

    def _protocol(self, place: int) -> str:
        return protocol_word(int(self._edges.protocol[self._firsts[place]]))


def _words(decided: Decided) -> tuple[object, ...]:
    """What tells it from others: not where rules are written."""
    return decided.verdict, decided.reason, decided.direction, decided.policies


def _causes(found: Twice, rows: Int64) -> tuple[list[Cause], Int64]:
    """The distinct causes of edges ``rows`` (n,), and which of them each has (n,)."""
    columns: list[np.ndarray] = [found.kind, OUTCOME[found.edges[0].observed]]
    for edges, verdict, reason in zip(found.edges, found.verdicts, found.reasons, strict=True):
        columns += [verdict, reason, edges.egress, edges.ingress, edges.mesh]
    distinct, which = np.unique(np.stack([column[rows] for column in columns]), axis=1, return_inverse=True)
    known: dict[tuple[object, ...], int] = {}
    causes: list[Cause] = []
    numbers: list[int] = []
    for kind, outcome, *decided in distinct.T.tolist():
        said = [
            _decided(program, *decided[5 * nth : 5 * nth + 5]) for nth, program in enumerate(found.programs)
        ]
        cause = Cause(kind, outcome, said[0], said[1])
        key = (kind, outcome, *map(_words, said))
        if key not in known:
            known[key] = len(causes)
            causes.append(cause)
        numbers.append(known[key])
    return causes, np.array(numbers, dtype=np.int64)[which.ravel()]


def _decided(program: Program, verdict: int, reason: int, egress: int, ingress: int, mesh: int) -> Decided:
    if verdict not in _KIND_OF:
        return Decided(verdict=_VERDICTS[verdict], reason=_REASONS[reason])
    direction, policies, sources = deciding(program, _KIND_OF[verdict], egress, ingress, mesh)
    return Decided(verdict=_VERDICTS[verdict], direction=direction, policies=policies, policy_sources=sources)


def _ends(found: Twice, rows: Int64, side: str) -> tuple[list[End], Int64]:
    """The distinct ends of edges ``rows`` (n,) at one side, and which of them each has (n,)."""
    one, other = (getattr(edges, side)[rows] for edges in found.edges)
    first, which = number_distinct(one, other)
    before, after = found.programs
    outside = is_outside(before), is_outside(after)
    known: dict[End, int] = {}
    numbers: list[int] = []
    for was, now in zip(one[first].tolist(), other[first].tolist(), strict=True):
        names = before.groups[was], after.groups[now]
        if names[0] == names[1]:
            end = End(names[0], "")
        elif outside[0][was] and outside[1][now]:
            end = End(max(names, key=_prefix), "")
        else:
            end = End(*names)
        numbers.append(known.setdefault(end, len(known)))
    return list(known), np.array(numbers, dtype=np.int64)[which]


def _prefix(name: str) -> int:
    """How long the prefix of a block is; what is no block is told apart less."""
    try:
        return ipaddress.ip_network(name).prefixlen
    except ValueError:
        return -1
