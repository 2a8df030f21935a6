"""Services as a picture: what share each endpoint had against what it should have had, and over time.

Left: a bar for each endpoint on an axis of shares, its 95 % interval as a whisker, the expected share as a
tick across it. Right: connections over time, stacked by endpoint in the same colours. Where there is nothing
over time bars take the whole width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO
from xml.etree import ElementTree as Tree

from flowcheck.balance.tell.records import EndpointLoad, ServiceLoad, TimeLoad
from flowcheck.balance.tell.result import LoadResult
from flowcheck.counted import counted
from flowcheck.reports.balance import wording
from flowcheck.reports.balance.shapes import (
    DARK,
    LAST_COLOR,
    LIGHT,
    Axis,
    bar,
    columns,
    ends,
    most_connections,
    most_share,
    whisker,
)
from flowcheck.reports.parts.escape import escape
from flowcheck.reports.parts.svg import line, number, page, shortened, text, ticks, width_of
from flowcheck.reports.parts.units import duration, share_text

WIDTH, MARGIN = 1120, 24
NAMES, VALUES, NOTES, GAP = 250, 64, 110, 64
"""Names have as much as the longest takes, and at most so much."""
TIME, MOST_TIME = 380, 208
"""Of connections over time, where there are any, and how high that gets; bars have what is left."""
HEAD, FOOT, LEGEND = 96, 28, 34
ROW, MOST_ROW, LEAST_HEIGHT = 26, 40, 104
MOST_ROWS, MOST_SERVICES = 24, 50
LONGEST_NAME, LONGEST_TITLE = 36, 80


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
    top, names = 0.0, _names_width(ports)
    for one, height in zip(ports, heights, strict=False):
        place = {"transform": f"translate(0 {number(top)})", "role": "group"}
        _service(Tree.SubElement(root, "g", place), one, names)
        top += height
    if rest:
        said = f"and {counted(rest, 'more Service port')}: --service NAMESPACE/NAME draws one"
        text(root, MARGIN, top + 20, said, color="faint")
    stream.write(Tree.tostring(root, encoding="unicode") + "\n")


def _names_width(services: Sequence[ServiceLoad]) -> float:
    shown = (_shown_name(e) for service in services for e in service.endpoints[:MOST_ROWS])
    return min(NAMES, max(map(width_of, shown), default=0) + 16)


def _shown_name(endpoint: EndpointLoad) -> str:
    return shortened(endpoint.endpoint.rpartition("/")[2], LONGEST_NAME)


def _time(service: ServiceLoad) -> TimeLoad | None:
    time = service.time
    return time if time is not None and len(time.series) > 1 else None


def _row_height(service: ServiceLoad) -> float:
    """Few endpoints have thicker bars, as high together as their picture over time."""
    least = LEAST_HEIGHT if _time(service) else 0
    return min(MOST_ROW, max(ROW, least / max(min(len(service.endpoints), MOST_ROWS), 1)))


def _body(service: ServiceLoad) -> float:
    rows = min(len(service.endpoints), MOST_ROWS)
    return max(rows * _row_height(service), LEAST_HEIGHT if _time(service) else ROW)


def _height(service: ServiceLoad) -> float:
    return HEAD + _body(service) + FOOT + LEGEND + MARGIN


def _service(group: Tree.Element, service: ServiceLoad, names: float) -> None:
    Tree.SubElement(group, "title").text = escape(f"{wording.title(service)}: {wording.state(service)}")
    text(group, MARGIN, 34, shortened(wording.title(service), LONGEST_TITLE), size=20, weight="600")
    alarming = service.state == "skewed" or wording.is_one_sided(service)
    color = "alarm" if alarming else "good" if service.state == "balanced" else "ink"
    text(group, MARGIN, 56, f"{wording.state(service)}: {wording.summary(service)}", color=color)
    if service.endpoints:
        _bars(group, service, MARGIN + names)
    time = _time(service)
    if time is not None:
        _over_time(group, time, HEAD + min(_body(service), MOST_TIME))


def _bars(group: Tree.Element, service: ServiceLoad, names_end: float) -> None:
    shown = service.endpoints[:MOST_ROWS]
    left, row = names_end + VALUES, _row_height(service)
    end = WIDTH - MARGIN - NOTES - (TIME + GAP if _time(service) else 0)
    axis = Axis(most_share(shown), left, end - left)
    bottom = HEAD + len(shown) * row
    text(group, left, HEAD - 14, "share of the connections", color="faint", size=12)
    for share in ticks(axis.most, 4):
        line(group, axis.at(share), HEAD, axis.at(share), bottom, "rule", 1)
        label = f"{100 * share:.6g}%"
        text(group, axis.at(share), bottom + 16, label, color="faint", size=11, anchor="middle")
    for place, endpoint in enumerate(shown):
        top = HEAD + place * row
        reach = bar(group, endpoint, axis, top, row, f"c{min(place, LAST_COLOR)}")
        _words(group, endpoint, left, axis.left + reach / axis.most * (end - left), top + row / 2 + 4)
    line(group, left, HEAD, left, bottom, "faint", 1)
    if hidden := len(service.endpoints) - len(shown):
        text(group, MARGIN, bottom + 16, f"and {counted(hidden, 'more endpoint')}", color="faint")
    if any(endpoint.expected is not None for endpoint in shown):
        _legend(group, left, bottom + FOOT)


def _legend(group: Tree.Element, left: float, top: float) -> None:
    line(group, left + 4, top + 4, left + 4, top + 18, "ink", 2)
    text(group, left + 14, top + 16, "expected share", size=12, color="faint")
    whisker(group, left + 130, left + 158, top + 11)
    text(group, left + 166, top + 16, "95 % interval", size=12, color="faint")


def _words(group: Tree.Element, endpoint: EndpointLoad, left: float, reach: float, y: float) -> None:
    """Name and share on the left of a bar, what is odd about it on the right."""
    note = wording.endpoint_note(endpoint)
    label = text(group, left - VALUES - 10, y, _shown_name(endpoint), anchor="end")
    Tree.SubElement(label, "title").text = escape(f"{endpoint.endpoint} {endpoint.address} {endpoint.node}")
    value = share_text(endpoint.share)
    text(group, left - 8, y, value, anchor="end", color="alarm" if note else "ink")
    if note:
        text(group, reach + 8, y, note, color="alarm")


def _over_time(group: Tree.Element, time: TimeLoad, bottom: float) -> None:
    """Stacked columns, on a scale that starts at 0."""
    left, right = WIDTH - MARGIN - TIME, WIDTH - MARGIN
    scale = (bottom - HEAD) / most_connections(time)
    caption = f"connections per {duration(time.series_seconds).removeprefix('1 ')}"
    text(group, left, HEAD - 14, f"{caption}, by endpoint", color="faint", size=12)
    for count in sorted({round(tick) for tick in ticks(most_connections(time), 3)} - {0}):
        y = bottom - count * scale
        line(group, left, y, right, y, "rule", 1)
        text(group, left - 6, y + 4, f"{count:,}", anchor="end", color="faint", size=11)
    columns(group, time, Axis(len(time.series), left, right - left), bottom, bottom - HEAD)
    line(group, left, bottom, right, bottom, "faint", 1)
    begin, end = ends(time)
    text(group, left, bottom + 16, begin, color="faint", size=11)
    text(group, right, bottom + 16, end, color="faint", size=11, anchor="end")
