"""The load for a person at a terminal: what is skewed, endpoint by endpoint, then all the rest in short.

Reads well from 60 columns up and without colour: nothing is said by colour alone, no name is cut, and only
ASCII is drawn. In a bar ``#`` is the share an endpoint had and ``|`` the share it should have had.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from flowcheck.balance.tell.records import EndpointLoad, ServiceLoad, SplitLoad
from flowcheck.balance.tell.result import LoadResult
from flowcheck.counted import counted
from flowcheck.reports.balance import answer, wording
from flowcheck.reports.balance.drawing import bar, sparkline, strip
from flowcheck.reports.balance.splits import (
    is_off_target,
    share_row,
    split_notes,
    split_summary,
    split_title,
)
from flowcheck.reports.parts.console import lines, pairs, paragraph, report_console, section
from flowcheck.reports.parts.gaps import gaps
from flowcheck.reports.parts.units import duration, moment, share_text

MOST_SERVICES, MOST_ENDPOINTS = 12, 6
MOST_IN_SHORT = 40
LEAST_BAR, MOST_BAR, WIDE = 12, 48, 130
BESIDE_BAR = 36
"""Columns that the numbers and the note take."""
STYLES = {"skewed": "bold red", "balanced": "green", "insufficient": "yellow", "not_applicable": "dim"}
STYLES |= {"on_target": "green", "off_target": "bold red", "not_tested": "dim"}


def render(
    result: LoadResult, stream: TextIO, *, color: str = "auto", width: int | None = None, service: str = ""
) -> None:
    """Write the report; ``service`` (``ns/name``) shows one Service in full instead.

    ``color`` is auto, always or never; ``width`` is the terminal's unless given.
    """
    with report_console(stream, color, width, default=120, widest=160) as console:
        if service:
            for one in result.services:
                if one.name == service:
                    _in_full(console, one)
        else:
            _overview(console, result)


def _overview(console: Console, result: LoadResult) -> None:
    skewed = any(one.state == "skewed" or is_off_target(one) for one in result.services)
    bad = skewed or bool(result.nothing or result.incomplete_because)
    paragraph(console, f"flowcheck load: {answer.headline(result)}", "bold red" if bad else "bold green")
    for line in gaps(result.nothing, result.incomplete_because):
        paragraph(console, f"  {line}", "red")
    section(console, "Looked at")
    pairs(console, [*answer.looked_at(result), *(("note", text) for text in result.warnings)])
    pressing = [service for service in result.services if _is_pressing(service)]
    if pressing:
        section(console, f"Look at first ({counted(len(pressing), 'Service port')})")
        for service in pressing[:MOST_SERVICES]:
            _service(console, service)
        _more(console, len(pressing) - MOST_SERVICES)
    rest = [service for service in result.services if not _is_pressing(service)]
    if rest:
        section(console, f"The rest ({counted(len(rest), 'Service port')})")
        _in_short(console, rest[:MOST_IN_SHORT])
        _more(console, len(rest) - MOST_IN_SHORT)
    section(console, "Records by how they were attributed")
    _counts(console, answer.classes(result))
    section(console, "Next")
    for step in answer.next_steps(result.services):
        paragraph(console, f"  {step}")


def _is_pressing(service: ServiceLoad) -> bool:
    odd = is_off_target(service) or any(endpoint.state for endpoint in service.endpoints)
    return wording.is_uneven(service) or odd


def _service(console: Console, service: ServiceLoad) -> None:
    """A Service port with its busiest and its odd endpoints."""
    paragraph(
        console,
        f"  {wording.title(service)}  {wording.state(service)}",
        STYLES[service.state],
    )
    paragraph(console, f"    {wording.summary(service)}")
    shown = [*service.endpoints[:MOST_ENDPOINTS]]
    shown += [e for e in service.endpoints[MOST_ENDPOINTS:] if e.state][:MOST_ENDPOINTS]
    _endpoints(console, service, shown, indent=4)
    hidden = len(service.endpoints) - len(shown)
    if hidden:
        paragraph(console, f"    and {counted(hidden, 'more endpoint')}")
    _splits(console, [split for split in service.splits if split.verdict == "off_target"], indent=4)


def _splits(console: Console, splits: Sequence[SplitLoad], indent: int) -> None:
    """What routes divide, rule by rule."""
    margin = " " * indent
    for split in splits[:MOST_SERVICES]:
        paragraph(console, f"{margin}{split_title(split)}", STYLES[split.verdict])
        paragraph(console, f"{margin}  {split_summary(split)}")
        for target, text in map(share_row, split.targets):
            paragraph(console, f"{margin}    {target}: {text}")
        for note in split_notes(split):
            paragraph(console, f"{margin}  {note}")
    _more(console, len(splits) - MOST_SERVICES, "split")


def _endpoints(
    console: Console, service: ServiceLoad, endpoints: Sequence[EndpointLoad], indent: int
) -> None:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    for _ in range(2):
        table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    names = [wording.short_name(service, endpoint) for endpoint in endpoints]
    free = console.width - indent - BESIDE_BAR - max(map(len, names), default=0)
    width = max(LEAST_BAR, min(MOST_BAR, free))
    most = max([e.share for e in endpoints] + [e.expected or 0.0 for e in endpoints], default=0.0)
    for name, endpoint in zip(names, endpoints, strict=True):
        table.add_row(
            lines(name),
            lines(f"{endpoint.connections + endpoint.estimated:,}"),
            lines(share_text(endpoint.share)),
            lines(bar(endpoint.share, endpoint.expected, most, width)),
            Text(wording.endpoint_note(endpoint), style="bold"),
        )
    console.print(Padding(table, (0, 0, 0, indent)))


def _in_short(console: Console, services: Sequence[ServiceLoad]) -> None:
    """A line for each, or two where it is narrow: its small bars, or why it was not tested."""
    wide = console.width >= WIDE
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("  connections", justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("misplaced", justify="right", no_wrap=True)
    table.add_column("Service port", overflow="fold")
    if wide:
        table.add_column("endpoints, or why not tested", overflow="fold")
    for service in services:
        tested = service.state == "balanced"
        more = strip([e.share for e in service.endpoints]) if tested else wording.WHY[service.why]
        table.add_row(
            lines(f"{service.connections:,}"),
            Text(wording.state(service), style=STYLES[service.state]),
            lines(share_text(service.misplaced) if tested and service.misplaced is not None else ""),
            *(
                [lines(wording.title(service)), lines(more)]
                if wide
                else [lines(wording.title(service), more)]
            ),
        )
    console.print(table)


def _in_full(console: Console, service: ServiceLoad) -> None:
    paragraph(console, f"{wording.title(service)}  {wording.state(service)}", STYLES[service.state])
    paragraph(console, f"  {wording.summary(service)}")
    for note in wording.notes(service):
        paragraph(console, f"  {note}")
    section(
        console, f"Endpoints ({len(service.endpoints)}, # is the share each had, | what it should have had)"
    )
    _endpoints(console, service, service.endpoints, indent=2)
    if service.splits:
        section(console, f"Routes ({counted(len(service.splits), 'split')})")
        _splits(console, service.splits, indent=2)
    if wording.measures(service):
        section(console, "Measures")
        pairs(console, wording.measures(service))
    _over_time(console, service)
    if len(service.groups) > 1:
        section(console, "By workload and generation")
        pairs(console, [_group(service, number) for number in range(len(service.groups))])
    if wording.places(service):
        section(console, "Where connections went")
        pairs(console, wording.places(service))
    _clients(console, service)


def _over_time(console: Console, service: ServiceLoad) -> None:
    """A strip for all connections and one for each endpoint; the darker the more, endpoints on one scale."""
    time = service.time
    if time is None or len(time.series) < 2:
        return
    stretches = counted(len(time.series), "stretch", "stretches")
    title = f"Over time ({stretches} of {duration(time.series_seconds)}, from"
    section(console, f"{title} {moment(time.series[0].start)})")
    totals = [stretch.connections for stretch in time.series]
    rows = [("all", totals, max(totals))]
    most = max(max(stretch.by_endpoint) for stretch in time.series)
    for place, endpoint in enumerate(service.endpoints[:MOST_SERVICES]):
        rows.append(
            (wording.short_name(service, endpoint), [s.by_endpoint[place] for s in time.series], most)
        )
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True)
    for name, values, top in rows:
        table.add_row(lines(name), lines(f"|{sparkline(values, top)}|"))
    console.print(Padding(table, (0, 0, 0, 2)))
    _more(console, len(service.endpoints) - MOST_SERVICES, "endpoint")


def _group(service: ServiceLoad, number: int) -> tuple[str, str]:
    group = service.groups[number]
    expected = "" if group.expected is None else f", {share_text(group.expected)} expected"
    who = f"{group.workload} {group.generation}".rstrip()
    amounts = f"{counted(group.endpoints, 'endpoint')}, {counted(group.connections, 'connection')}"
    return share_text(group.share), f"{who}: {amounts}{expected}"


def _clients(console: Console, service: ServiceLoad) -> None:
    clients = service.clients
    about = "" if clients.exact else "about "
    section(console, f"Clients ({about}{clients.distinct:,} known one by one)")
    if clients.unidentified:
        paragraph(
            console, f"  {counted(clients.unidentified, 'connection')} of addresses that may be many senders"
        )
    _counts(console, [(c.connections, c.client, share_text(c.share)) for c in clients.heaviest])


def _more(console: Console, count: int, noun: str = "Service port") -> None:
    if count > 0:
        paragraph(console, f"  and {counted(count, f'more {noun}')}; -f json shows all")


def _counts(console: Console, rows: Sequence[tuple[int, str, str]]) -> None:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", no_wrap=True, min_width=9)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for count, name, text in rows:
        table.add_row(lines(f"{count:,}"), lines(name), lines(text))
    console.print(table)
