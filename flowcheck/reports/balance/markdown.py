"""The load as Markdown, for a merge request or a ticket: the same answer as the terminal's, as tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from flowcheck.balance.tell.records import EndpointLoad, ServiceLoad
from flowcheck.balance.tell.result import LoadResult
from flowcheck.reports.balance import answer, splits, wording
from flowcheck.reports.parts.escape import escape_markdown
from flowcheck.reports.parts.gaps import gaps
from flowcheck.reports.parts.markdown import bullets, heading, table
from flowcheck.reports.parts.units import share_text

MOST_IN_FULL = 12


def render(result: LoadResult, stream: TextIO, *, service: str = "") -> None:
    """Write the report; ``service`` (``ns/name``) leaves only that one, whatever its state."""
    lines = _document(result) if not service else _only(result, service)
    stream.write("".join(f"{line}\n" for line in lines))


def _document(result: LoadResult) -> Iterable[str]:
    yield f"## flowcheck load: {escape_markdown(answer.headline(result))}"
    yield ""
    yield from bullets(gaps(result.nothing, result.incomplete_because))
    yield from bullets(f"{label}: {text}" for label, text in answer.looked_at(result))
    yield from bullets(result.warnings)
    pressing = [s for s in result.services if wording.is_uneven(s) or splits.is_off_target(s)]
    for service in pressing[:MOST_IN_FULL]:
        yield from _service(service)
    if result.services:
        yield from heading("All Service ports")
        yield from table(
            ("Service port", "state", "connections", "endpoints", "misplaced", "peak", "Jain", "note"),
            [_row(service) for service in result.services],
        )
    yield from heading("Records by how they were attributed")
    rows = [(f"{count:,}", name, what) for count, name, what in answer.classes(result)]
    yield from table(("records", "class", "meaning"), rows)
    yield from heading("Next")
    yield from bullets(answer.next_steps(result.services))


def _only(result: LoadResult, name: str) -> Iterable[str]:
    for service in result.services:
        if service.name == name:
            yield from _service(service)


def _service(service: ServiceLoad) -> Iterable[str]:
    yield from heading(f"{wording.title(service)}: {wording.state(service)}")
    yield from bullets([wording.summary(service), *wording.notes(service)])
    yield ""
    yield from table(
        ("endpoint", "node", "zone", "connections", "share", "expected", "95 % interval", "note"),
        [_endpoint(endpoint) for endpoint in service.endpoints],
    )
    for split in service.splits:
        yield ""
        yield from bullets(
            [splits.split_title(split), splits.split_summary(split), *splits.split_notes(split)]
        )
        yield ""
        yield from table(("target", "share"), [splits.share_row(share) for share in split.targets])


def _row(service: ServiceLoad) -> tuple[str, ...]:
    tested = service.state in ("skewed", "balanced")
    return (
        wording.title(service),
        wording.state(service),
        f"{service.connections:,}",
        str(service.expected_endpoints or len(service.endpoints)),
        *(
            (
                share_text(service.misplaced or 0.0),
                f"{service.peak_to_average:.2f}",
                f"{service.jain:.3f}",
                "",
            )
            if tested
            else ("", "", "", wording.WHY[service.why])
        ),
    )


def _endpoint(endpoint: EndpointLoad) -> tuple[str, ...]:
    interval = endpoint.low is not None and endpoint.high is not None
    return (
        endpoint.endpoint,
        endpoint.node,
        endpoint.zone,
        f"{endpoint.connections + endpoint.estimated:,}",
        share_text(endpoint.share),
        "" if endpoint.expected is None else share_text(endpoint.expected),
        f"{share_text(endpoint.low or 0.0)} to {share_text(endpoint.high or 0.0)}" if interval else "",
        wording.endpoint_note(endpoint),
    )
