"""Where reports go: standard output, or files that are complete or absent."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

import click

from flowcheck.cli.words.values import Report
from flowcheck.reports import renderer
from flowcheck.writing import atomic_write, output_errors, refuse_unwritable

if TYPE_CHECKING:
    from flowcheck.balance.tell.result import LoadResult
    from flowcheck.explaining.records import Explanation
    from flowcheck.reach.compared import Difference
    from flowcheck.reach.matrix import Isolated, Matrix
    from flowcheck.results.asked import Answer
    from flowcheck.results.audit import AuditResult
    from flowcheck.results.diff.result import DiffResult
    from flowcheck.results.records.rules import RulesRecord
    from flowcheck.results.records.verification import Verification
    from flowcheck.suggesting.records import Suggestion


def check_reports(reports: Sequence[Report]) -> None:
    """Refuse before the work what could not be written after it.

    Raises: OutputError for a file that cannot be written; a usage error for two reports in one place.
    """
    files = [report.file for report in reports]
    if files.count(None) > 1:
        raise click.UsageError("only one report can go to standard output; give the others a file: json=FILE")
    for file in filter(None, files):
        if files.count(file) > 1:
            raise click.UsageError(f"two reports would be written to {file}")
        check_file(file)


def check_file(file: Path | None) -> None:
    """Refuse before the work a file that could not be written after it; None: there is none.

    Raises: OutputError.
    """
    if file is not None:
        with output_errors(file):
            refuse_unwritable(file)


def write_reports(
    subject: str,
    result: AuditResult
    | LoadResult
    | Explanation
    | Verification
    | Answer
    | Matrix
    | Isolated
    | Difference
    | DiffResult
    | RulesRecord
    | Suggestion,
    reports: Sequence[Report],
    color: str,
    **options: Any,
) -> None:
    """Write a subject's reports, files first: a closed standard output must not cost the files. ``options``
    go to each.

    Raises: OutputError.
    """
    for report in reports:
        if report.file is not None:
            shown = _terminal_options(report, color, is_file=True)
            write_text(report.file, partial(renderer(subject, report.format), result, **shown, **options))
    for report in reports:
        if report.file is None:
            shown = _terminal_options(report, color, is_file=False)
            _write_stdout(partial(renderer(subject, report.format), result, **shown, **options))


def write_text(file: Path, render: Callable[[TextIO], None]) -> None:
    """A file of what ``render`` writes, complete or absent.

    Raises: OutputError.
    """

    def write(stream: BinaryIO) -> None:
        text = io.TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace", newline="\n")
        render(text)
        text.detach()

    atomic_write(file, write)


def _write_stdout(render: Callable[[TextIO], None]) -> None:
    stream = sys.stdout
    with output_errors("standard output"):
        if stream is None:
            raise OSError("it is closed")
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        render(stream)
        stream.flush()


def _terminal_options(report: Report, color: str, *, is_file: bool) -> dict[str, Any]:
    if report.format != "terminal":
        return {}
    return {"color": "never" if is_file and color == "auto" else color}
