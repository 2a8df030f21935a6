"""Services as a picture: what share each endpoint had against what it should have had, and over time.

Left: a bar for each endpoint on an axis of shares, its 95 % interval as a whisker, the expected share as a
tick across it. Right: connections over time, stacked by endpoint in the same colours. Where there is nothing
over time bars take the whole width.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, TextIO
from xml.etree import ElementTree as Tree

from flowcheck.balance.tell.records import EndpointLoad, ServiceLoad, TimeLoad
from flowcheck.balance.tell.result import LoadResult
from flowcheck.counted import counted
from flowcheck.model.instants import instant_of, instant_text
from flowcheck.reports.balance import wording
from flowcheck.reports.parts.escape import escape
from flowcheck.reports.parts.svg import line, number, page, rect, shortened, text, ticks
from flowcheck.reports.parts.units import duration, moment, share_text

WIDTH, MARGIN = 1120, 24
NAMES, VALUES, NOTES, GAP = 250, 64, 110, 64
TIME = 380
"""Of connections over time, where there are any; bars have what is left."""
HEAD, FOOT, LEGEND = 96, 28, 34
ROW, MOST_ROW, LEAST_HEIGHT = 26, 40, 104
MOST_ROWS, MOST_SERVICES = 24, 50
LONGEST_NAME, LONGEST_TITLE = 36, 80
MICROSECONDS = 1_000_000
LIGHT = {
    **{
        f"c{place}": color
        for place, color in enumerate(
            ("#3b6fb6", "#e08a2c", "#4f9d69", "#b6496f", "#7a68b3", "#8c7a4d", "#3f9aa8", "#9a9a9a")
        )
    },
    "good": "#2b7a3d",
}
DARK = {
    **{
        f"c{place}": color
        for place, color in enumerate(
            ("#6ea2ea", "#f0a354", "#74c48f", "#e0779b", "#a594e0", "#bba873", "#63c3d1", "#b0b0b0")
        )
    },
    "good": "#63c97a",
}
LAST_COLOR = 7
"""Endpoints past it share it."""


class Plot(NamedTuple):
    """Where the bars of one Service go: the left end of their axis, how long it is, and what a row takes."""

    left: float
    width: float
    row: float
    most: float

    def at(self, share: float) -> float:
        return self.left + share / self.most * self.width


def render(result: LoadResult, stream: TextIO, *, service: str = "") -> None:
    """Draw the Service that is asked for (``ns/name``), else all, the most pressing first."""
    chosen = [one for one in result.services if service in ("", one.name)]
    ports = chosen[:MOST_SERVICES]
    heights = [_height(one) for one in ports] or [HEAD]
    rest = len(chosen) - len(ports)
    total = sum(heights) + (HEAD / 2 if rest else 0)
    label = "; ".join(f"{wording.title(one)}: {wording.state(one)}" for one in ports[:8])
    more = f"; and {counted(len(chosen) - 8, 'more Service port')}" if len(chosen) > 8 else ""
    root = page(WIDTH, total, f"Service load. {label}{more}" if ports else "no Services", LIGHT, DARK)
    if not ports:
        text(root, MARGIN, 34, "no Services", size=20, weight="600")
    top = 0.0
    for one, height in zip(ports, heights, strict=False):
        _service(
            Tree.SubElement(root, "g", {"transform": f"translate(0 {number(top)})", "role": "group"}), one
        )
        top += height
    if rest:
        said = f"and {counted(rest, 'more Service port')}: --service NAMESPACE/NAME draws one"
        text(root, MARGIN, top + 20, said, color="faint")
    stream.write(Tree.tostring(root, encoding="unicode") + "\n")


def _time(service: ServiceLoad) -> TimeLoad | None:
    time = service.time
    return time if time is not None and len(time.series) > 1 else None


def _rows(service: ServiceLoad) -> int:
    return min(len(service.endpoints), MOST_ROWS) + (len(service.endpoints) > MOST_ROWS)


def _row_height(service: ServiceLoad) -> float:
    """Few endpoints have thicker bars, as high together as their picture over time."""
    least = LEAST_HEIGHT if _time(service) else 0
    return min(MOST_ROW, max(ROW, least / max(_rows(service), 1)))


def _body(service: ServiceLoad) -> float:
    return max(_rows(service) * _row_height(service), LEAST_HEIGHT if _time(service) else ROW)


def _height(service: ServiceLoad) -> float:
    return HEAD + _body(service) + FOOT + LEGEND + MARGIN


def _service(group: Tree.Element, service: ServiceLoad) -> None:
    Tree.SubElement(group, "title").text = escape(f"{wording.title(service)}: {wording.state(service)}")
    text(group, MARGIN, 34, shortened(wording.title(service), LONGEST_TITLE), size=20, weight="600")
    alarming = service.state == "skewed" or wording.is_one_sided(service)
    color = "alarm" if alarming else "good" if service.state == "balanced" else "ink"
    text(group, MARGIN, 56, f"{wording.state(service)}: {wording.summary(service)}", color=color)
    if service.endpoints:
        _bars(group, service)
    time = _time(service)
    if time is not None:
        _over_time(group, time, HEAD + _body(service))


def _bars(group: Tree.Element, service: ServiceLoad) -> None:
    shown = service.endpoints[:MOST_ROWS]
    left = MARGIN + NAMES + VALUES
    end = WIDTH - MARGIN - NOTES - (TIME + GAP if _time(service) else 0)
    most = max(max(e.share, e.high or 0.0, e.expected or 0.0) for e in shown) or 1.0
    plot = Plot(left, end - left, _row_height(service), most)
    bottom = HEAD + _rows(service) * plot.row
    text(group, left, HEAD - 14, "share of the connections", color="faint", size=12)
    for share in ticks(most, 4):
        line(group, plot.at(share), HEAD, plot.at(share), bottom, "rule", 1)
        label = f"{100 * share:.6g}%"
        text(group, plot.at(share), bottom + 16, label, color="faint", size=11, anchor="middle")
    for place, endpoint in enumerate(shown):
        _bar(group, endpoint, HEAD + place * plot.row, plot, f"c{min(place, LAST_COLOR)}")
    if len(service.endpoints) > MOST_ROWS:
        hidden = f"and {counted(len(service.endpoints) - MOST_ROWS, 'more endpoint')}"
        text(group, MARGIN, bottom - plot.row / 2 + 4, hidden, color="faint")
    line(group, left, HEAD, left, bottom, "faint", 1)
    if any(endpoint.expected is not None for endpoint in shown):
        _legend(group, left, bottom + FOOT)


def _legend(group: Tree.Element, left: float, top: float) -> None:
    line(group, left + 4, top + 4, left + 4, top + 18, "ink", 2)
    text(group, left + 14, top + 16, "expected share", size=12, color="faint")
    _whisker(group, left + 130, left + 158, top + 11)
    text(group, left + 166, top + 16, "95 % interval", size=12, color="faint")


def _bar(group: Tree.Element, endpoint: EndpointLoad, top: float, plot: Plot, color: str) -> None:
    middle = top + plot.row / 2
    note = wording.endpoint_note(endpoint)
    name = endpoint.endpoint.rpartition("/")[2]
    label = text(group, MARGIN + NAMES - 10, middle + 4, shortened(name, LONGEST_NAME), anchor="end")
    Tree.SubElement(label, "title").text = escape(f"{endpoint.endpoint} {endpoint.address} {endpoint.node}")
    value = share_text(endpoint.share)
    text(group, plot.left - 8, middle + 4, value, anchor="end", color="alarm" if note else "ink")
    width = max(plot.at(endpoint.share) - plot.left, 1.5 if endpoint.connections else 0)
    rect(group, plot.left, top + 5, width, plot.row - 10, color)
    reach = plot.left + width
    if endpoint.expected is not None:
        if endpoint.low is not None and endpoint.high is not None and endpoint.connections:
            _whisker(group, plot.at(endpoint.low), plot.at(endpoint.high), middle)
            reach = max(reach, plot.at(endpoint.high))
        at = plot.at(endpoint.expected)
        line(group, at, top + 2, at, top + plot.row - 2, "ink", 2)
        reach = max(reach, at)
    if note:
        text(group, reach + 8, middle + 4, note, color="alarm")


def _whisker(group: Tree.Element, left: float, right: float, y: float) -> None:
    line(group, left, y, right, y, "faint", 1.5)
    for x in (left, right):
        line(group, x, y - 3, x, y + 3, "faint", 1.5)


def _over_time(group: Tree.Element, time: TimeLoad, bottom: float) -> None:
    """Stacked columns, the first endpoint at the bottom, on a scale that starts at 0."""
    left, right = WIDTH - MARGIN - TIME, WIDTH - MARGIN
    most = max(max(stretch.connections for stretch in time.series), 1)
    width, scale = (right - left) / len(time.series), (bottom - HEAD) / most
    caption = f"connections per {duration(time.series_seconds).removeprefix('1 ')}"
    text(group, left, HEAD - 14, f"{caption}, by endpoint", color="faint", size=12)
    for count in sorted({round(tick) for tick in ticks(most, 3)} - {0}):
        y = bottom - count * scale
        line(group, left, y, right, y, "rule", 1)
        text(group, left - 6, y + 4, f"{count:,}", anchor="end", color="faint", size=11)
    for place, stretch in enumerate(time.series):
        y = bottom
        for endpoint, connections in enumerate(stretch.by_endpoint):
            if connections:
                y -= connections * scale
                x, color = left + place * width, f"c{min(endpoint, LAST_COLOR)}"
                rect(group, x, y, max(width - 1, 0.5), connections * scale, color)
    line(group, left, bottom, right, bottom, "faint", 1)
    text(group, left, bottom + 16, moment(time.series[0].start), color="faint", size=11)
    text(group, right, bottom + 16, _end(time), color="faint", size=11, anchor="end")


def _end(time: TimeLoad) -> str:
    """When the last column ends."""
    last = instant_of(datetime.fromisoformat(time.series[-1].start))
    return moment(instant_text(last + time.series_seconds * MICROSECONDS))
