"""A matrix as a picture: rows are sources, columns destinations, and the colour of a square says what of the
ports is open between the two.

A square has its sentence as a title.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TextIO
from xml.etree import ElementTree as Tree

from flowcheck.reach.matrix import Matrix, PortAnswer
from flowcheck.reach.parties import Party
from flowcheck.reports.matrix.wording import headline, name_of, open_ports
from flowcheck.reports.parts.escape import escape
from flowcheck.reports.parts.svg import page, rect, shortened, text, width_of

CELL, MARGIN, NAMES, TITLE = 16, 16, 300, 56
"""Names have as much as the longest takes, and at most so much."""
LONGEST_NAME, LEGEND_STEP, LEAST_WIDTH = 42, 104, 560
SMALL = 12
LIGHT = {
    "deny": "#eceff2",
    "none": "#ffffff",
    "few": "#9cc3ec",
    "all": "#1f5fae",
    "some": "#e08a2c",
    "unknown": "#8a63b8",
}
DARK = {
    "deny": "#1c232b",
    "none": "#0d1117",
    "few": "#2f5f96",
    "all": "#7db7ff",
    "some": "#d98a33",
    "unknown": "#a98bd6",
}
LEGEND = {
    "all": "every port",
    "few": "some ports",
    "some": "pods differ",
    "unknown": "unknown",
    "deny": "no port",
}


def render(matrix: Matrix, stream: TextIO) -> None:
    """Draw all of it."""
    left, top = MARGIN + _room_for(matrix.sources), TITLE + _room_for(matrix.destinations) + 16
    width = max(left + len(matrix.destinations) * CELL, LEAST_WIDTH) + MARGIN
    height = top + len(matrix.sources) * CELL + MARGIN
    label = f"Who may reach whom: {headline(matrix)}"
    root = page(width, height, label, LIGHT, DARK)
    text(root, MARGIN, 28, label, size=SMALL)
    for place, (name, words) in enumerate(LEGEND.items()):
        _square(root, MARGIN + place * LEGEND_STEP, 38, name, words)
        text(root, MARGIN + place * LEGEND_STEP + CELL + 4, 50, words, size=SMALL)
    text(root, left - 6, top - 8, "from \u2193  to \u2192", size=SMALL, color="faint", anchor="end")
    for place, party in enumerate(matrix.destinations):
        x = left + place * CELL + CELL - 4
        turned = text(root, x, top - 6, shortened(name_of(party), LONGEST_NAME), size=SMALL)
        turned.set("transform", f"rotate(-90 {x} {top - 6})")
    for place, party in enumerate(matrix.sources):
        name = shortened(name_of(party), LONGEST_NAME)
        text(root, left - 6, top + place * CELL + CELL - 4, name, size=SMALL, anchor="end")
    classes = [_class_of(answers) for answers in matrix.answers]
    rows = {party.name: place for place, party in enumerate(matrix.sources)}
    columns = {party.name: place for place, party in enumerate(matrix.destinations)}
    for pair in matrix.pairs():
        ports = open_ports(matrix.answers[pair.answer]) or "no port"
        title = f"{name_of(pair.source)} -> {name_of(pair.destination)}: {ports}"
        x = left + columns[pair.destination.name] * CELL
        _square(root, x, top + rows[pair.source.name] * CELL, classes[pair.answer], title)
    stream.write(Tree.tostring(root, encoding="unicode") + "\n")


def _room_for(parties: Sequence[Party]) -> int:
    """For their names."""
    names = (width_of(shortened(name_of(party), LONGEST_NAME), SMALL) for party in parties)
    return min(NAMES, max(80, *(math.ceil(width) + 8 for width in names)))


def _class_of(answers: tuple[PortAnswer, ...]) -> str:
    """The most telling of what is said of its ports."""
    verdicts = [one.verdict for one in answers]
    if "some" in verdicts:
        return "some"
    if "unknown" in verdicts:
        return "unknown"
    if "allow" not in verdicts:
        return "deny" if verdicts else "none"
    return "few" if "deny" in verdicts else "all"


def _square(group: Tree.Element, x: int, y: int, name: str, title: str) -> None:
    square = rect(group, x, y, CELL - 2, CELL - 2, name)
    square.set("rx", "2")
    Tree.SubElement(square, "title").text = escape(title)
