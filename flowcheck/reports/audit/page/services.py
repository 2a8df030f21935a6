"""Services as the page shows them: what share each endpoint had against what it should have had, and when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from markupsafe import Markup

from flowcheck.balance.tell.records import EndpointLoad, ServiceLoad, SplitLoad
from flowcheck.reports.audit.page.markup import drawn
from flowcheck.reports.balance import wording
from flowcheck.reports.balance.brief import is_pressing
from flowcheck.reports.balance.shapes import LAST_COLOR, Axis, bar, columns, ends, most_share
from flowcheck.reports.balance.splits import is_off_target, share_row, split_notes, split_summary, split_title
from flowcheck.reports.parts.svg import figure, line
from flowcheck.reports.parts.units import duration, share_text
from flowcheck.results.audit import AuditResult

MOST_ENDPOINTS, MOST_SPLITS = 24, 10
ROW, TIME = 22, 96
"""Heights of a bar and of columns over time."""


class Endpoint(NamedTuple):
    name: str
    connections: int
    share: str
    expected: str
    picture: Markup
    note: str


class Split(NamedTuple):
    title: str
    summary: str
    off: bool
    targets: list[tuple[str, str]]
    notes: list[str]


class Service(NamedTuple):
    """``bad``: it wants a look. ``hidden``: endpoints that are not shown. ``time``: a picture, its caption,
    begin and end; None: there is none."""

    title: str
    state: str
    bad: bool
    summary: str
    notes: list[str]
    endpoints: list[Endpoint]
    hidden: int
    time: tuple[Markup, str, str, str] | None
    splits: list[Split]


def services(result: AuditResult) -> Iterator[Service]:
    """Those with connections that could be tested, or that want a look, the most pressing first."""
    return (_service(one) for one in result.load.services if _is_told(one))


def n_told(result: AuditResult) -> int:
    """How many these are."""
    return sum(map(_is_told, result.load.services))


def not_tested(result: AuditResult) -> list[tuple[str, int, str]]:
    """Title, connections and why, of all others."""
    return [
        (wording.title(one), one.connections, wording.WHY.get(one.why, wording.state(one)))
        for one in result.load.services
        if not _is_told(one)
    ]


def _is_told(service: ServiceLoad) -> bool:
    return service.state in ("skewed", "balanced") or is_pressing(service)


def _service(service: ServiceLoad) -> Service:
    shown = service.endpoints[:MOST_ENDPOINTS]
    axis = Axis(most_share(shown))
    return Service(
        wording.title(service),
        _state(service),
        is_pressing(service),
        wording.summary(service),
        wording.notes(service),
        [_endpoint(service, one, axis, place) for place, one in enumerate(shown)],
        len(service.endpoints) - len(shown),
        _time(service),
        [_split(one) for one in service.splits[:MOST_SPLITS]],
    )


def _state(service: ServiceLoad) -> str:
    """With whatever else makes it want a look."""
    off = [", off the weights of a route"] if is_off_target(service) else []
    stray = [", against ClientIP affinity"] if service.clients.stray else []
    return "".join([wording.state(service), *off, *stray])


def _endpoint(service: ServiceLoad, endpoint: EndpointLoad, axis: Axis, place: int) -> Endpoint:
    root = figure(ROW)
    bar(root, endpoint, axis, 0, ROW, f"c{min(place, LAST_COLOR)}")
    return Endpoint(
        wording.short_name(service, endpoint),
        endpoint.connections + endpoint.estimated,
        share_text(endpoint.share),
        "-" if endpoint.expected is None else share_text(endpoint.expected),
        drawn(root),
        wording.endpoint_note(endpoint),
    )


def _time(service: ServiceLoad) -> tuple[Markup, str, str, str] | None:
    time = service.time
    if time is None or len(time.series) < 2:
        return None
    width = duration(time.series_seconds).removeprefix("1 ")
    root = figure(TIME, f"Connections per {width}, stacked by endpoint in the colours of the table")
    columns(root, time, Axis(len(time.series)), TIME - 1, TIME - 6)
    line(root, 0, TIME - 1, "100%", TIME - 1, "faint", 1)
    most = max(stretch.connections for stretch in time.series)
    caption = f"connections per {width}, at most {most:,}"
    begin, end = (text.replace("T", " ").removesuffix("Z") for text in ends(time))
    return drawn(root), caption, begin, end


def _split(split: SplitLoad) -> Split:
    return Split(
        split_title(split),
        split_summary(split),
        split.verdict == "off_target",
        [share_row(one) for one in split.targets],
        split_notes(split),
    )
