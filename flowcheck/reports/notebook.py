"""What ``print`` and a notebook show of results: their terminal reports, and of an audit a page of tables.

Registered with :mod:`flowcheck.outcome` when imported. Everything from an input is escaped.
"""

from __future__ import annotations

import html
import io
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from flowcheck.balance.tell.result import LoadResult
from flowcheck.explaining.records import Explanation
from flowcheck.outcome import as_html, as_text
from flowcheck.reports import renderer
from flowcheck.reports.audit import answer
from flowcheck.reports.audit.sections import sections
from flowcheck.reports.parts.escape import escape_html
from flowcheck.reports.parts.gaps import gaps
from flowcheck.results.audit import AuditResult
from flowcheck.results.diff.result import DiffResult
from flowcheck.results.records.rules import RulesRecord
from flowcheck.suggesting.records import Suggestion

WIDTH = 100
FINDINGS_WANTED = "all of them: result.findings.to_pandas()"


SUBJECTS: dict[type, str] = {
    AuditResult: "audit",
    LoadResult: "balance",
    Explanation: "explanation",
    DiffResult: "diff",
    RulesRecord: "rules",
    Suggestion: "suggestion",
}
"""Whose reports show a result of each type."""


def _printed(subject: str, result: object) -> str:
    stream = io.StringIO()
    renderer(subject, "terminal")(result, stream, color="never", width=WIDTH)
    return stream.getvalue().rstrip("\n")


def _in_place(result: object) -> str:
    """Lines as in the terminal; what is drawn there stays in place."""
    return f"<pre>{html.escape(as_text(result))}</pre>"


for _type, _subject in SUBJECTS.items():
    as_text.register(_type, partial(_printed, _subject))
    as_html.register(_type, _in_place)


@as_html.register
def _(result: AuditResult) -> str:
    return "\n".join(("<div>", *_page(result), "</div>"))


def _page(result: AuditResult) -> Iterator[str]:
    summary = result.summary
    yield from _heading(f"flowcheck: {answer.headline(summary)}")
    yield from _list(gaps(summary.nothing, summary.incomplete_because))
    yield from _table((), answer.looked_at(summary))
    for section in sections(result):
        if section.sentences or section.columns:
            yield from _heading(section.title)
        if section.columns:
            yield from _table(section.columns, section.rows)
        yield from _list([FINDINGS_WANTED] if section.hidden else section.sentences)


def _heading(text: str) -> Iterator[str]:
    yield f"<p><strong>{escape_html(text)}</strong></p>"


def _list(texts: Iterable[str]) -> Iterator[str]:
    items = [f"<li>{escape_html(text)}</li>" for text in texts]
    if items:
        yield f"<ul>{''.join(items)}</ul>"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "<table>"
    if columns:
        yield f"<thead><tr>{''.join(f'<th>{escape_html(column)}</th>' for column in columns)}</tr></thead>"
    yield "<tbody>"
    for row in rows:
        cells = "".join(f'<td style="text-align:left">{escape_html(cell)}</td>' for cell in row)
        yield f"<tr>{cells}</tr>"
    yield "</tbody></table>"
