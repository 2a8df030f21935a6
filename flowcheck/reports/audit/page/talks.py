"""Who talked to whom as the page shows it: a matrix of namespaces, and the workloads behind each square."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from flowcheck.counted import counted
from flowcheck.reports.audit.talks import SIGNS, WORDS, home_text, in_order, ports, shown_homes
from flowcheck.reports.parts.svg import shortened
from flowcheck.reports.parts.units import compact, size
from flowcheck.results.audit import AuditResult
from flowcheck.results.talks import STATES, Sums, Talk, home

MOST_HOMES, MOST_PAIRS = 24, 4000
LONGEST = 64
"""Of a namespace's name: as long as Kubernetes lets it be."""
SHADES = 5
"""Of squares, by the power of ten of their connections."""
Pair = tuple[str, str]


class Mark(NamedTuple):
    """How many connections of a state that wants a look, with its sign."""

    state: str
    sign: str
    amount: str


class Square(NamedTuple):
    """What one home sent another. ``label`` says it to whoever does not see it."""

    anchor: str
    connections: str
    marks: list[Mark]
    shade: int
    label: str


class Line(NamedTuple):
    """What one workload sent another, of one state."""

    source: str
    destination: str
    ports: str
    state: str
    words: str
    sign: str
    connections: int
    bytes: str


class Between(NamedTuple):
    """The workloads behind a square; ``hidden``: how many more pairs there are. ``weight``: the least comes
    first."""

    weight: tuple[int, ...]
    anchor: str
    title: str
    summary: str
    lines: list[Line]
    hidden: int


class Matrix(NamedTuple):
    """``rows``: a source's name and its squares, None where nothing was sent."""

    columns: list[str]
    rows: list[tuple[str, list[Square | None]]]
    between: list[Between]
    folded: int


def matrix(result: AuditResult) -> Matrix:
    talks = result.talks(MOST_PAIRS)
    shown, folded = shown_homes(talks, MOST_HOMES)
    sums: dict[Pair, dict[str, Sums]] = defaultdict(dict)
    for (source, destination), states in talks.between.items():
        into = sums[shown[source], shown[destination]]
        for state, one in states.items():
            into[state] = _add(into.get(state), one)
    lines: dict[Pair, list[Talk]] = defaultdict(list)
    for talk in talks.pairs:
        lines[shown[home(talk.source)], shown[home(talk.destination)]].append(talk)
    names = sorted(set(shown.values()), key=in_order)
    sources = [name for name in names if any(pair[0] == name for pair in sums)]
    destinations = [name for name in names if any(pair[1] == name for pair in sums)]
    most = max((_connections(states.values()) for states in sums.values()), default=0)
    rows = []
    between = []
    for row, source in enumerate(sources):
        squares: list[Square | None] = []
        for column, destination in enumerate(destinations):
            states = sums.get((source, destination), {})
            anchor = f"talk-{row}-{column}"
            title = " \u2192 ".join(shortened(home_text(name), LONGEST) for name in (source, destination))
            squares.append(_square(anchor, title, states, most) if states else None)
            if states:
                between.append(_between(anchor, title, states, lines[source, destination]))
        rows.append((home_text(source), squares))
    between.sort(key=lambda one: one.weight)
    return Matrix([home_text(name) for name in destinations], rows, between, folded)


def _add(one: Sums | None, other: Sums) -> Sums:
    return other if one is None else Sums(*(a + b for a, b in zip(one, other, strict=True)))


def _connections(sums: Iterable[Sums]) -> int:
    return sum(one.connections for one in sums)


def _square(anchor: str, title: str, states: dict[str, Sums], most: int) -> Square:
    whole = _connections(states.values())
    marks = [
        Mark(state, sign, compact(states[state].connections))
        for state, sign in SIGNS.items()
        if state in states
    ]
    shade = round(SHADES * math.log1p(whole) / math.log1p(most)) if most else 0
    return Square(anchor, compact(whole), marks, shade, f"{title}: {_told(states)}")


def _told(states: dict[str, Sums]) -> str:
    whole = counted(_connections(states.values()), "connection")
    found = [(states[state].connections, words) for state, words in WORDS.items() if state in states]
    return f"{whole}: {'; '.join(words if len(found) == 1 else f'{n:,} {words}' for n, words in found)}"


def _between(anchor: str, title: str, states: dict[str, Sums], talks: list[Talk]) -> Between:
    hidden = sum(one.pairs for one in states.values()) - len(talks)
    weight = tuple(-states[state].connections if state in states else 0 for state in STATES)
    return Between(weight, anchor, title, _told(states), [_line(talk) for talk in talks], hidden)


def _line(talk: Talk) -> Line:
    return Line(
        talk.source,
        talk.destination,
        ports(talk),
        talk.state,
        WORDS[talk.state],
        SIGNS.get(talk.state, ""),
        talk.connections,
        size(talk.bytes) if talk.bytes else "-",
    )
