"""What pictures of the load are made of: an endpoint's bar on an axis of shares, and columns over time.

An axis is as long as it says, or as wide as there is room, for a part of a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from xml.etree import ElementTree as Tree

from flowcheck.balance.tell.records import EndpointLoad, TimeLoad
from flowcheck.model.instants import instant_of, instant_text
from flowcheck.reports.parts.svg import Length, line, part, rect
from flowcheck.reports.parts.units import moment

LIGHT = {
    **{
        f"c{place}": color
        for place, color in enumerate(
            ("#3b6fb6", "#e08a2c", "#4f9d69", "#b6496f", "#7a68b3", "#8c7a4d", "#3f9aa8", "#a3a7ad")
        )
    },
    "good": "#2b7a3d",
}
DARK = {
    **{
        f"c{place}": color
        for place, color in enumerate(
            ("#5f93dc", "#dd9248", "#63b37e", "#cf6a8c", "#9584d1", "#a8956a", "#55b2c0", "#6b7280")
        )
    },
    "good": "#63c97a",
}
LAST_COLOR = 7
"""Endpoints past it share it."""
MICROSECONDS = 1_000_000
EDGE = 0.015
"""Of an axis as wide as there is room, at either end: so much of a whisker would be cut off."""


class Axis(NamedTuple):
    """Shares from 0 to ``most``, from ``left`` on; ``width`` None: as wide as there is room."""

    most: float
    left: float = 0
    width: float | None = None

    def at(self, share: float) -> Length:
        if self.width is None:
            return part(EDGE + (1 - 2 * EDGE) * share / self.most)
        return self.left + share / self.most * self.width

    def wide(self, share: float) -> Length:
        if self.width is None:
            return part((1 - 2 * EDGE) * share / self.most)
        return share / self.most * self.width


def most_share(endpoints: Sequence[EndpointLoad]) -> float:
    """Where an axis for all of them ends."""
    return max((max(one.share, one.high or 0.0, one.expected or 0.0) for one in endpoints), default=0) or 1.0


def bar(group: Tree.Element, endpoint: EndpointLoad, axis: Axis, top: float, row: float, color: str) -> float:
    """Its share, its interval as a whisker, a tick where it should end. Returns how far that reaches, as a
    share."""
    rect(group, axis.at(0), top + 5, axis.wide(endpoint.share), row - 10, color)
    if not endpoint.share and endpoint.connections:
        line(group, axis.at(0), top + 5, axis.at(0), top + row - 5, color, 1.5)
    reach = endpoint.share
    if endpoint.expected is not None:
        if endpoint.low is not None and endpoint.high is not None and endpoint.connections:
            whisker(group, axis.at(endpoint.low), axis.at(endpoint.high), top + row / 2)
            reach = max(reach, endpoint.high)
        at = axis.at(endpoint.expected)
        line(group, at, top + 2, at, top + row - 2, "ink", 2)
        reach = max(reach, endpoint.expected)
    return reach


def whisker(group: Tree.Element, left: Length, right: Length, y: float) -> None:
    line(group, left, y, right, y, "ink", 1)
    for x in (left, right):
        line(group, x, y - 3, x, y + 3, "ink", 1)


def columns(group: Tree.Element, time: TimeLoad, axis: Axis, bottom: float, height: float) -> None:
    """Stacked columns, the first endpoint at the bottom, on a scale that starts at 0. ``axis`` counts the
    stretches of time."""
    scale = height / most_connections(time)
    for place, stretch in enumerate(time.series):
        y = bottom
        for color, connections in enumerate(_by_color(stretch.by_endpoint)):
            if connections:
                y -= connections * scale
                x, width = axis.at(place), axis.wide(0.88)
                rect(group, x, y, width, connections * scale, f"c{color}")


def ends(time: TimeLoad) -> tuple[str, str]:
    """When the first column begins and the last one ends."""
    last = instant_of(datetime.fromisoformat(time.series[-1].start))
    return moment(time.series[0].start), moment(instant_text(last + time.series_seconds * MICROSECONDS))


def most_connections(time: TimeLoad) -> int:
    return max(1, *(stretch.connections for stretch in time.series))


def _by_color(counts: Sequence[int]) -> list[int]:
    return [*counts[:LAST_COLOR], sum(counts[LAST_COLOR:])]
