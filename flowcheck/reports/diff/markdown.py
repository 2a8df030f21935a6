"""The comparison in Markdown, for a pull request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from flowcheck.reports.diff import wording
from flowcheck.reports.parts.escape import escape_markdown
from flowcheck.reports.parts.markdown import bullets, heading, table
from flowcheck.reports.parts.units import moment
from flowcheck.results.diff.result import DiffResult
from flowcheck.results.records.diff import Change

COLUMNS = (
    "records",
    "source -> destination",
    "port",
    "before",
    "after",
    "the log says",
    "first and last seen",
)


def render(result: DiffResult, stream: TextIO) -> None:
    stream.write("".join(f"{line}\n" for line in _document(result)))


def _document(result: DiffResult) -> Iterable[str]:
    summary = result.summary
    yield f"## flowcheck diff: {escape_markdown(wording.headline(summary))}"
    yield ""
    yield from bullets(wording.gaps(summary))
    yield from bullets(f"{label}: {text}" if label else text for label, text in wording.looked_at(summary))
    for title, changes, n_shown in wording.groups(result):
        yield from heading(title)
        yield from table(COLUMNS, [_row(change) for change in changes[:n_shown]])
        if len(changes) > n_shown:
            yield f"\nand {len(changes) - n_shown:,} more in -f json"
    if summary.changes_not_listed:
        yield f"\n{summary.changes_not_listed:,} more are counted and not listed: --max-changes"


def _row(change: Change) -> tuple[str, ...]:
    return (
        f"{change.records:,}",
        wording.ends(change),
        wording.port(change),
        wording.decided(change.before),
        wording.decided(change.after),
        wording.outcome(change),
        f"{moment(change.first_seen)} to {moment(change.last_seen)}",
    )
