"""Who talked to whom as a picture: sources on the left, destinations on the right, a curve for each pair.

The colour of a curve, and its stroke, say what became of it; it is the thicker the more connections there
were, and the gravest lie on top. Where there are too many workloads to be read, namespaces stand for them. A
curve has its sentence as a title.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from textwrap import wrap
from typing import NamedTuple, TextIO
from xml.etree import ElementTree as Tree

from flowcheck.counted import counted
from flowcheck.reports.audit.answer import headline
from flowcheck.reports.audit.talks import WORDS, home_text, in_order, ports, shown_homes
from flowcheck.reports.parts.escape import escape
from flowcheck.reports.parts.svg import line, number, page, rect, shortened, text, width_of
from flowcheck.results.audit import AuditResult
from flowcheck.results.talks import STATES, Talks, home

MARGIN, HEAD, LINE, FOOT, ROW, GAP = 24, 120, 18, 24, 19, 11
MIDDLE, NAMES, LEAST_NAMES = 380, 300, 120
"""Between the names of both sides, which have as much as the longest takes, and at most so much."""
MOST_NAMES, MOST_CURVES = 60, 300
LONGEST_NAME = 44
THINNEST, THICKEST, THINNER = 1.2, 6.0, 0.025
"""Of curves: the more there are, the thinner is the thickest."""
DASHES = {"stopped": "5 4", "unknown": "1.5 4", "not_applicable": "1.5 6"}
LIGHT = {
    "not_stopped": "#b3261e",
    "dropped": "#6d59a8",
    "unknown": "#a16207",
    "stopped": "#59636e",
    "allowed": "#b6c8de",
    "not_applicable": "#8b949e",
}
DARK = {
    "not_stopped": "#ff8f85",
    "dropped": "#b3a4e8",
    "unknown": "#e3b341",
    "stopped": "#9198a1",
    "allowed": "#34506f",
    "not_applicable": "#6b7480",
}


class Curve(NamedTuple):
    source: str
    destination: str
    state: str
    connections: int
    ports: str


class Column(NamedTuple):
    """Where the middle of each name is, from the top, and the headings above those of one namespace."""

    at: dict[str, float]
    headings: list[tuple[str, float]]
    height: float


def render(result: AuditResult, stream: TextIO) -> None:
    talks = result.talks(MOST_CURVES)
    curves, note = _curves(talks)
    left, right = (_column(names, str if note else home) for names in _ends(curves))
    names = [min(NAMES, max(LEAST_NAMES, _widest(side) + 12)) for side in (left, right)]
    begin, end = MARGIN + names[0], MARGIN + names[0] + MIDDLE
    states = [state for state in WORDS if any(curve.state == state for curve in curves)]
    width = max(end + names[1], MARGIN + sum(map(_key_width, states))) + MARGIN
    answer = headline(result.summary)
    lines = wrap(escape(answer), int((width - 2 * MARGIN) / width_of("0")))
    top = HEAD + LINE * len(lines)
    label = f"Who talked to whom. {_told(talks)}. flowcheck: {answer}"
    root = page(width, top + max(left.height, right.height) + FOOT, label, LIGHT, DARK)
    text(root, MARGIN, 34, "Who talked to whom", size=20, weight="600")
    color = "alarm" if result.summary.failing or not result.summary.complete else "ink"
    for place, words in enumerate(lines):
        text(root, MARGIN, 56 + LINE * place, words, color=color)
    _legend(root, states, top - 58)
    text(root, MARGIN, top - 34, note, color="faint", size=12)
    most = max((curve.connections for curve in curves), default=0)
    thickest = max(THINNEST, THICKEST - len(curves) * THINNER)
    for curve in sorted(curves, key=_gravest_first, reverse=True):
        ends = (begin, top + left.at[curve.source]), (end, top + right.at[curve.destination])
        share = math.log1p(curve.connections) / math.log1p(most) if most else 0
        _draw(root, curve, *ends, THINNEST + share**2 * (thickest - THINNEST))
    for column, x, anchor, said in ((left, begin - 8, "end", "from"), (right, end + 8, "start", "to")):
        text(root, x, top - 6, said, anchor=anchor, size=12, color="faint")
        _names(root, column, x, top, anchor)
    stream.write(Tree.tostring(root, encoding="unicode") + "\n")


def _curves(talks: Talks) -> tuple[list[Curve], str]:
    """Of workloads, else of namespaces, and what to say of the latter."""
    curves = [Curve(*one[:4], ports(one)) for one in talks.pairs]
    n_names = max(map(len, _ends(curves)))
    if n_names <= MOST_NAMES and talks.n_pairs == len(curves):
        return curves, ""
    shown, folded = shown_homes(talks, MOST_NAMES)
    sums: dict[tuple[str, str, str], int] = {}
    for (source, destination), states in talks.between.items():
        for state, one in states.items():
            key = shown[source], shown[destination], state
            sums[key] = sums.get(key, 0) + one.connections
    found = sorted((Curve(*key, n, "") for key, n in sums.items()), key=_gravest_first)
    note = f"By namespace, as there are {counted(talks.n_pairs, 'pair')} of workloads"
    if folded:
        note += f"; {counted(folded, 'namespace')} together as others"
    if len(found) > MOST_CURVES:
        note += f"; without {counted(len(found) - MOST_CURVES, 'pair')} of which there is least to say"
    return found[:MOST_CURVES], note


def _gravest_first(curve: Curve) -> tuple[int, int]:
    return STATES.index(curve.state), -curve.connections


def _ends(curves: Sequence[Curve]) -> tuple[set[str], set[str]]:
    return {one.source for one in curves}, {one.destination for one in curves}


def _column(names: Iterable[str], home_of: Callable[[str], str]) -> Column:
    """Names in order, workloads below their namespace; a name that is its own home has no heading."""
    at: dict[str, float] = {}
    headings: list[tuple[str, float]] = []
    y, before = 0.0, ""
    for name in sorted(names, key=lambda name: (in_order(home_of(name)), name)):
        heading = home_text(home_of(name))
        if heading not in (before, home_text(name)):
            y += GAP if at else 0
            headings.append((heading, y + ROW / 2))
            y += ROW
        before = heading
        at[name] = y + ROW / 2
        y += ROW
    return Column(at, headings, y)


def _shown(name: str) -> str:
    """Without the namespace, which stands above."""
    _, _, rest = name.partition("/")
    return shortened(rest if "/" in rest else home_text(name), LONGEST_NAME)


def _widest(column: Column) -> float:
    shown = [*map(_shown, column.at), *(shortened(heading, LONGEST_NAME) for heading, _ in column.headings)]
    return max(map(width_of, shown), default=0)


def _names(root: Tree.Element, column: Column, x: float, top: float, anchor: str) -> None:
    for heading, y in column.headings:
        text(root, x, top + y + 4, shortened(heading, LONGEST_NAME), anchor=anchor, size=12, weight="600")
    for name, y in column.at.items():
        label = text(root, x, top + y + 4, _shown(name), anchor=anchor)
        Tree.SubElement(label, "title").text = escape(name)
        mark = x + 4 if anchor == "end" else x - 6
        rect(root, mark, top + y - 6, 2, 12, "ink")


def _draw(
    root: Tree.Element,
    curve: Curve,
    begin: tuple[float, float],
    end: tuple[float, float],
    thickness: float,
) -> None:
    (x1, y1), (x2, y2) = begin, end
    beside = STATES.index(curve.state) - 2  # of the same pair, so that none hides another
    y1, y2, bend = y1 + beside, y2 + beside, (x2 - x1) * 0.45
    way = [(x1 + bend, y1), (x2 - bend, y2), (x2, y2)]
    drawn = {
        "d": f"M{number(x1)} {number(y1)}C" + " ".join(f"{number(x)} {number(y)}" for x, y in way),
        "class": f"{curve.state} line",
        "stroke-width": number(thickness),
    }
    if curve.state in DASHES:
        drawn["stroke-dasharray"] = DASHES[curve.state]
    path = Tree.SubElement(root, "path", drawn)
    by = f", {curve.ports}" if curve.ports else ""
    amount = f"{counted(curve.connections, 'connection')}, {WORDS[curve.state]}"
    said = f"{curve.source} -> {curve.destination}{by}: {amount}"
    Tree.SubElement(path, "title").text = escape(said)


def _key_width(state: str) -> float:
    return 28 + width_of(WORDS[state], 12) + 20


def _legend(root: Tree.Element, states: Sequence[str], y: float) -> None:
    x = float(MARGIN)
    for state in states:
        line(root, x, y, x + 22, y, state, 3)
        if state in DASHES:
            root[-1].set("stroke-dasharray", DASHES[state])
        text(root, x + 28, y + 4, WORDS[state], size=12, color="faint")
        x += _key_width(state)


def _told(talks: Talks) -> str:
    sums = dict.fromkeys(STATES, 0)
    for states in talks.between.values():
        for state, one in states.items():
            sums[state] += one.connections
    told = [f"{n:,} {WORDS[state]}" for state, n in sums.items() if n]
    return f"{counted(sum(sums.values()), 'connection')}: {'; '.join(told)}" if told else "no connections"
