"""What pictures are made of: a page with colours for light and for dark, texts and shapes.

A page is a self-contained SVG: no script, no link, no font of its own. A figure is a part of an HTML page,
which has the colours. Text from outside is escaped twice: for eyes (:mod:`escape`) and by the XML writer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree as Tree

from flowcheck.reports.parts.escape import escape

Length = float | str
"""Pixels, or a part of the whole such as ``12.5%``."""
LIGHT = {"page": "#ffffff", "ink": "#1f2328", "faint": "#6b7280", "rule": "#e3e6ea", "alarm": "#b3261e"}
DARK = {"page": "#0d1117", "ink": "#e6edf3", "faint": "#9198a1", "rule": "#262c36", "alarm": "#ff8f85"}


def page(
    width: float, height: float, label: str, light: Mapping[str, str], dark: Mapping[str, str]
) -> Tree.Element:
    """A picture that says what it shows to whoever cannot see it. ``light`` and ``dark``: more colours by
    their names, which are classes of shapes and texts, beside LIGHT and DARK."""
    root = Tree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {number(width)} {number(height)}",
            "width": number(width),
            "height": number(height),
            "font-family": "system-ui, Helvetica, Arial, sans-serif",
            "font-size": "13",
            "role": "img",
            "aria-label": escape(label),
        },
    )
    Tree.SubElement(root, "title").text = escape(label)
    lines = [":root { color-scheme: light dark; max-width: 100%; height: auto; }", *rules({**LIGHT, **light})]
    lines += ["@media (prefers-color-scheme: dark) {", *rules({**DARK, **dark}), "}", ".line { fill: none; }"]
    Tree.SubElement(root, "style").text = "\n".join(["", *lines, ""])
    Tree.SubElement(root, "rect", {"width": "100%", "height": "100%", "class": "page"})
    return root


def figure(height: float, label: str = "") -> Tree.Element:
    """A picture as wide as there is room, so that lengths across are parts of the whole; without a label it
    says nothing that the text beside it does not."""
    said = {"role": "img", "aria-label": escape(label)} if label else {"aria-hidden": "true"}
    return Tree.Element("svg", {"width": "100%", "height": number(height), **said})


def rules(colors: Mapping[str, str]) -> Iterator[str]:
    """What makes shapes and texts of a class have its colour."""
    return (f".{name} {{ fill: {color}; stroke: {color}; }}" for name, color in colors.items())


def part(share: float) -> str:
    """A share from 0 to 1 as a length."""
    return f"{number(100 * share)}%"


def text(
    group: Tree.Element,
    x: Length,
    y: float,
    words: str,
    *,
    size: int = 13,
    color: str = "ink",
    anchor: str = "start",
    weight: str = "400",
) -> Tree.Element:
    places = {"x": number(x), "y": number(y), "font-size": str(size), "text-anchor": anchor}
    element = Tree.SubElement(
        group, "text", {**places, "font-weight": weight, "class": color, "stroke-width": "0"}
    )
    element.text = escape(words)
    return element


def rect(group: Tree.Element, x: Length, y: float, width: Length, height: float, color: str) -> Tree.Element:
    sizes: dict[str, Length] = {"x": x, "y": y, "width": width, "height": height}
    shape = {**{name: number(value) for name, value in sizes.items()}, "class": color, "stroke-width": "0"}
    return Tree.SubElement(group, "rect", shape)


def line(group: Tree.Element, x1: Length, y1: float, x2: Length, y2: float, color: str, width: float) -> None:
    ends: dict[str, Length] = {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "stroke-width": width}
    Tree.SubElement(group, "line", {**{name: number(value) for name, value in ends.items()}, "class": color})


def width_of(words: str, size: int = 13) -> float:
    """About how wide a text is: nobody knows the font."""
    return 0.58 * size * len(escape(words))


def shortened(name: str, longest: int) -> str:
    """The end of a pod's name is what tells it from its siblings."""
    safe = escape(name)
    return safe if len(safe) <= longest else "..." + safe[3 - longest :]


def ticks(most: float, about: int) -> list[float]:
    """From 0 up to ``most``, in steps of 1, 2 or 5 times a power of ten, about so many."""
    rough = most / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = min((power * factor for factor in (1, 2, 5, 10)), key=lambda one: abs(math.log(one / rough)))
    return [round(step * n, 10) for n in range(int(most / step + 1e-9) + 1)]


def number(value: Length) -> str:
    """At most two decimals, so that a picture is the same on every machine."""
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
