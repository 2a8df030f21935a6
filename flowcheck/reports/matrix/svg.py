"""A matrix as a picture: rows are sources, columns destinations, and the colour of a square says what of the
ports is open between the two.

A self-contained SVG: no script, no link, no font of its own; colours for light and for dark pages. A square
has its sentence as a title, and the whole a role and a label. Text from outside is escaped twice: for eyes
(:mod:`escape`) and by the XML writer.
"""

from __future__ import annotations

from typing import TextIO
from xml.etree import ElementTree as Tree

from flowcheck.reach.matrix import Matrix, PortAnswer
from flowcheck.reports.matrix.wording import headline, name_of, open_ports
from flowcheck.reports.parts.escape import escape

CELL, MARGIN, NAMES, TITLE = 16, 16, 300, 56
LONGEST_NAME = 42
STYLE = """
svg { color-scheme: light dark; background: #ffffff; }
text { fill: #1f2328; font: 12px system-ui, Helvetica, Arial, sans-serif; }
.deny { fill: #eceff2; } .none { fill: #ffffff; }
.few { fill: #9cc3ec; } .all { fill: #1f5fae; } .some { fill: #e08a2c; } .unknown { fill: #8a63b8; }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117; } text { fill: #e6edf3; }
  .deny { fill: #1c232b; } .none { fill: #0d1117; }
  .few { fill: #2f5f96; } .all { fill: #7db7ff; } .some { fill: #d98a33; } .unknown { fill: #a98bd6; }
}
"""
LEGEND = {
    "all": "every port",
    "few": "some ports",
    "some": "pods differ",
    "unknown": "unknown",
    "deny": "no port",
}


def render(matrix: Matrix, stream: TextIO) -> None:
    """Draw all of it."""
    left, top = MARGIN + NAMES, TITLE + NAMES
    width = max(left + len(matrix.destinations) * CELL, left + 480) + MARGIN
    height = top + len(matrix.sources) * CELL + MARGIN
    label = f"Who may reach whom: {headline(matrix)}"
    root = Tree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width} {height}",
            "width": str(width),
            "height": str(height),
            "role": "img",
            "aria-label": escape(label),
        },
    )
    Tree.SubElement(root, "title").text = escape(label)
    Tree.SubElement(root, "style").text = STYLE
    _text(root, MARGIN, 28, label)
    for place, (name, words) in enumerate(LEGEND.items()):
        _square(root, MARGIN + place * 110, 38, name, words)
        _text(root, MARGIN + place * 110 + CELL + 4, 50, words)
    for place, party in enumerate(matrix.destinations):
        x = left + place * CELL + CELL - 4
        _text(root, x, top - 6, _shortened(name_of(party)), turned=True)
    for place, party in enumerate(matrix.sources):
        _text(root, left - 6, top + place * CELL + CELL - 4, _shortened(name_of(party)), anchor="end")
    classes = [_class_of(answers) for answers in matrix.answers]
    rows = {party.name: place for place, party in enumerate(matrix.sources)}
    columns = {party.name: place for place, party in enumerate(matrix.destinations)}
    for pair in matrix.pairs():
        ports = open_ports(matrix.answers[pair.answer]) or "no port"
        title = f"{name_of(pair.source)} -> {name_of(pair.destination)}: {ports}"
        x = left + columns[pair.destination.name] * CELL
        _square(root, x, top + rows[pair.source.name] * CELL, classes[pair.answer], title)
    stream.write(Tree.tostring(root, encoding="unicode") + "\n")


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


def _shortened(name: str) -> str:
    """The whole name is in the titles of its squares."""
    safe = escape(name)
    return safe if len(safe) <= LONGEST_NAME else "..." + safe[3 - LONGEST_NAME :]


def _text(
    group: Tree.Element, x: int, y: int, text: str, *, anchor: str = "start", turned: bool = False
) -> None:
    place = {"x": str(x), "y": str(y), "text-anchor": anchor}
    if turned:
        place["transform"] = f"rotate(-90 {x} {y})"
    Tree.SubElement(group, "text", place).text = escape(text)


def _square(group: Tree.Element, x: int, y: int, name: str, title: str) -> None:
    size = str(CELL - 2)
    square = Tree.SubElement(
        group, "rect", {"x": str(x), "y": str(y), "width": size, "height": size, "rx": "2", "class": name}
    )
    Tree.SubElement(square, "title").text = escape(title)
