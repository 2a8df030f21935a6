"""One Service as a picture: what share each endpoint had against what it should have had, and over time.

A self-contained SVG: no script, no link, no font of its own. Text from outside is escaped twice: for eyes
(:mod:`escape`) and by the XML writer. Left: a bar per endpoint, its 95 % interval as a whisker, the expected
share as a black tick. Right: connections over time, stacked by endpoint in the same colours.
"""

from __future__ import annotations

from typing import TextIO
from xml.etree import ElementTree as Tree

from flowcheck.balance.tell.records import EndpointLoad, ServiceLoad
from flowcheck.balance.tell.result import LoadResult
from flowcheck.counted import counted
from flowcheck.reports.balance import wording
from flowcheck.reports.parts.escape import escape
from flowcheck.reports.parts.units import duration, moment, share_text

WIDTH, MARGIN, ROW = 1120, 24, 26
NAMES, BARS, GAP = 260, 300, 60
HEAD, FOOT = 96, 40
TIME_LEFT = MARGIN + NAMES + BARS + 100 + GAP
LEAST_HEIGHT = 180
MOST_ROWS = 24
LONGEST_NAME, LONGEST_TITLE = 38, 80
COLORS = ("#3b6fb6", "#e08a2c", "#4f9d69", "#b6496f", "#7a68b3", "#8c7a4d", "#3f9aa8", "#9a9a9a")
INK, FAINT, ALARM = "#1f2328", "#8a9099", "#b3261e"
STATE_COLORS = {"skewed": ALARM, "balanced": "#2b7a3d"}


def render(result: LoadResult, stream: TextIO, *, service: str = "") -> None:
    """Draw one Service: the one asked for (``ns/name``), else the first, which is the most pressing."""
    chosen = [one for one in result.services if service in ("", one.name)]
    ports = chosen if service else chosen[:1]
    heights = [_height(one) for one in ports] or [HEAD]
    root = Tree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH} {sum(heights)}",
            "width": str(WIDTH),
            "height": str(sum(heights)),
            "font-family": "system-ui, Helvetica, Arial, sans-serif",
            "font-size": "13",
            "role": "img",
        },
    )
    Tree.SubElement(root, "rect", {"width": "100%", "height": "100%", "fill": "white"})
    if not ports:
        _text(root, MARGIN, 34, "no Services", size=20, weight="600")
    top = 0
    for one, height in zip(ports, heights, strict=False):
        _service(Tree.SubElement(root, "g", {"transform": f"translate(0 {top})"}), one, height)
        top += height
    stream.write(Tree.tostring(root, encoding="unicode") + "\n")


def _height(service: ServiceLoad) -> int:
    rows = min(len(service.endpoints), MOST_ROWS) + (len(service.endpoints) > MOST_ROWS)
    return HEAD + max(rows * ROW, LEAST_HEIGHT) + FOOT + MARGIN


def _service(group: Tree.Element, service: ServiceLoad, height: int) -> None:
    title = Tree.SubElement(group, "title")
    title.text = escape(f"{wording.title(service)}: {wording.state(service)}")
    _text(group, MARGIN, 34, _shortened(wording.title(service), LONGEST_TITLE), size=20, weight="600")
    color = ALARM if wording.is_one_sided(service) else STATE_COLORS.get(service.state, INK)
    _text(
        group,
        MARGIN,
        56,
        f"{wording.state(service)}: {wording.summary(service)}",
        color=color,
    )
    _text(group, MARGIN, HEAD - 14, "share of the connections", color=FAINT, size=12)
    _bars(group, service)
    _over_time(group, service, height)


def _bars(group: Tree.Element, service: ServiceLoad) -> None:
    shown = service.endpoints[:MOST_ROWS]
    most = max([max(e.share, e.high or 0.0, e.expected or 0.0) for e in shown], default=0.0) or 1.0
    left = MARGIN + NAMES
    for place, endpoint in enumerate(shown):
        _bar(group, endpoint, HEAD + place * ROW, BARS / most, _color(place))
    bottom = HEAD + len(shown) * ROW
    if len(service.endpoints) > MOST_ROWS:
        hidden = len(service.endpoints) - MOST_ROWS
        _text(group, MARGIN, bottom + 16, f"and {counted(hidden, 'more endpoint')}", color=FAINT)
        bottom += ROW
    if any(endpoint.expected is not None for endpoint in shown):
        _line(group, left + 4, bottom + 10, left + 4, bottom + 24, INK, 2)
        _text(group, left + 14, bottom + 22, "expected share", size=12, color=FAINT)
        _whisker(group, left + 130, left + 158, bottom + 17)
        _text(group, left + 166, bottom + 22, "95 % interval", size=12, color=FAINT)


def _bar(group: Tree.Element, endpoint: EndpointLoad, top: int, scale: float, color: str) -> None:
    left, middle = MARGIN + NAMES, top + ROW / 2
    name = endpoint.endpoint.rpartition("/")[2]
    label = _text(group, left - 10, middle + 4, _shortened(name, LONGEST_NAME), anchor="end")
    Tree.SubElement(label, "title").text = escape(f"{endpoint.endpoint} {endpoint.address} {endpoint.node}")
    width = max(endpoint.share * scale, 1.5 if endpoint.connections else 0)
    _rect(group, left, top + 5, width, ROW - 10, color)
    reach = width
    if endpoint.expected is not None:
        if endpoint.low is not None and endpoint.high is not None and endpoint.connections:
            _whisker(group, left + endpoint.low * scale, left + endpoint.high * scale, middle)
            reach = max(reach, endpoint.high * scale)
        at = left + endpoint.expected * scale
        _line(group, at, top + 2, at, top + ROW - 2, INK, 2)
        reach = max(reach, endpoint.expected * scale)
    note = wording.endpoint_note(endpoint)
    text = f"{share_text(endpoint.share)}{f'  {note}' if note else ''}"
    _text(group, left + reach + 8, middle + 4, text, color=ALARM if note else INK)


def _over_time(group: Tree.Element, service: ServiceLoad, height: int) -> None:
    """Stacked columns, the first endpoint at the bottom, on a scale that starts at 0."""
    time = service.time
    if time is None or len(time.series) < 2:
        return
    left, right, top, bottom = TIME_LEFT, WIDTH - MARGIN, HEAD, height - FOOT - MARGIN
    most = max(stretch.connections for stretch in time.series)
    width = (right - left) / len(time.series)
    scale = (bottom - top) / most if most else 0.0
    caption = f"connections per {duration(time.series_seconds).removeprefix('1 ')}"
    _text(group, left, HEAD - 14, f"{caption}, by endpoint", color=FAINT, size=12)
    for share in (0.5, 1.0):
        y = bottom - share * most * scale
        _line(group, left, y, right, y, "#e3e6ea", 1)
        _text(group, left - 6, y + 4, f"{round(share * most):,}", anchor="end", color=FAINT, size=11)
    for place, stretch in enumerate(time.series):
        y = float(bottom)
        for number, connections in enumerate(stretch.by_endpoint):
            if connections:
                y -= connections * scale
                _rect(
                    group, left + place * width, y, max(width - 1, 0.5), connections * scale, _color(number)
                )
    _line(group, left, bottom, right, bottom, FAINT, 1)
    _text(group, left, bottom + 18, moment(time.series[0].start), color=FAINT, size=11)
    _text(group, right, bottom + 18, moment(time.series[-1].start), color=FAINT, size=11, anchor="end")


def _color(place: int) -> str:
    """Endpoints past the last colour share it."""
    return COLORS[min(place, len(COLORS) - 1)]


def _shortened(name: str, longest: int) -> str:
    """The end of a pod's name is what tells it from its siblings. The whole name is in the title."""
    safe = escape(name)
    return safe if len(safe) <= longest else "..." + safe[3 - longest :]


def _text(
    group: Tree.Element,
    x: float,
    y: float,
    text: str,
    *,
    size: int = 13,
    color: str = INK,
    anchor: str = "start",
    weight: str = "400",
) -> Tree.Element:
    element = Tree.SubElement(
        group,
        "text",
        {
            "x": _number(x),
            "y": _number(y),
            "font-size": str(size),
            "fill": color,
            "text-anchor": anchor,
            "font-weight": weight,
        },
    )
    element.text = escape(text)
    return element


def _rect(group: Tree.Element, x: float, y: float, width: float, height: float, color: str) -> None:
    sizes = {"x": x, "y": y, "width": width, "height": height}
    Tree.SubElement(group, "rect", {**{k: _number(v) for k, v in sizes.items()}, "fill": color})


def _line(group: Tree.Element, x1: float, y1: float, x2: float, y2: float, color: str, width: float) -> None:
    ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "stroke-width": width}
    Tree.SubElement(group, "line", {**{k: _number(v) for k, v in ends.items()}, "stroke": color})


def _whisker(group: Tree.Element, left: float, right: float, y: float) -> None:
    _line(group, left, y, right, y, "#5c636e", 1)
    for x in (left, right):
        _line(group, x, y - 3, x, y + 3, "#5c636e", 1)


def _number(value: float) -> str:
    """At most two decimals, so that the picture is the same on every machine."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
