"""What ``print`` and a notebook show of results: their terminal reports, and of an audit a page of tables.

Registered with :mod:`flowcheck.outcome` when imported. Everything from an input is escaped.
"""

from __future__ import annotations

import html
import io
from collections.abc import Iterable, Iterator, Sequence

from flowcheck.balance.tell.result import LoadResult
from flowcheck.counted import counted
from flowcheck.explaining.records import Explanation
from flowcheck.outcome import as_html, as_text
from flowcheck.reports import renderer
from flowcheck.reports.audit import answer, finding_wording, not_looked_at
from flowcheck.reports.audit.unknown_wording import unknowns
from flowcheck.reports.balance.brief import brief
from flowcheck.reports.escape import escape_html
from flowcheck.reports.gaps import gaps
from flowcheck.results.audit import AuditResult

WIDTH = 100
FINDINGS_WANTED = "all of them: result.findings.to_pandas()"


@as_text.register
def _(result: AuditResult) -> str:
    return _printed("audit", result)


@as_text.register
def _(result: LoadResult) -> str:
    return _printed("balance", result)


@as_text.register
def _(result: Explanation) -> str:
    return _printed("explanation", result)


def _printed(subject: str, result: object) -> str:
    stream = io.StringIO()
    renderer(subject, "terminal")(result, stream, color="never", width=WIDTH)
    return stream.getvalue().rstrip("\n")


@as_html.register(LoadResult)
@as_html.register(Explanation)
def _(result: LoadResult | Explanation) -> str:
    """Lines as in the terminal; what is drawn there stays in place."""
    return f"<pre>{html.escape(as_text(result))}</pre>"


@as_html.register
def _(result: AuditResult) -> str:
    return "\n".join(("<div>", *_page(result), "</div>"))


def _page(result: AuditResult) -> Iterator[str]:
    summary = result.summary
    yield f"<p><strong>flowcheck: {escape_html(answer.headline(summary))}</strong></p>"
    yield from _list(gaps(summary.nothing, summary.incomplete_because))
    yield from _table((), answer.looked_at(summary))
    yield from _heading("Whose flows these were")
    yield from _table(("", "rows", "connections", "bytes", ""), answer.attributed(summary))
    yield from _findings(result)
    unknown = [(f"{count:,}", reason, meaning) for count, reason, meaning in unknowns(summary)]
    if unknown:
        yield from _heading(f"Unknown ({counted(summary.verdicts.unknown, 'row')})")
        yield from _table(("rows", "reason", "meaning"), unknown)
    failures = [f"{file}: {what}" if file else what for file, what in not_looked_at.failures(result)]
    yield from _titled("Service load", brief(result.load) if result.load.services else [])
    yield from _titled("Not looked at", [*not_looked_at.not_looked_at(result), *failures])
    yield from _titled("Rules never hit", not_looked_at.unused_rules(result))
    yield from _titled("Next", finding_wording.next_steps(result))


def _titled(title: str, sentences: Sequence[str]) -> Iterator[str]:
    if sentences:
        yield from _heading(title)
        yield from _list(sentences)


def _findings(result: AuditResult) -> Iterator[str]:
    """As many as the terminal shows, in its groups."""
    for title, findings, n_shown in finding_wording.groups(result):
        yield from _heading(f"{title} ({counted(len(findings), 'finding')})")
        yield from _table(
            finding_wording.COLUMNS, [finding_wording.row(finding) for finding in findings[:n_shown]]
        )
        if n_shown < len(findings):
            yield from _list([FINDINGS_WANTED])


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
