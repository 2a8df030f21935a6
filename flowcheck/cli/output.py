"""Where reports go: standard output, or files that are complete or absent."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from flowcheck.cli.values import Report
from flowcheck.reports import renderer
from flowcheck.results.files import atomic_write, output_errors, refuse_unwritable

if TYPE_CHECKING:
    from flowcheck.results.audit import AuditResult


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
        with output_errors(file):
            refuse_unwritable(file)


def write_reports(result: AuditResult, reports: Sequence[Report], color: str) -> None:
    """Files first: a closed standard output must not cost the files.

    Raises: OutputError.
    """
    for report in reports:
        if report.file is not None:
            _write_file(result, report, report.file, color)
    for report in reports:
        if report.file is None:
            _write_stdout(result, report, color)


def _write_file(result: AuditResult, report: Report, file: Path, color: str) -> None:
    def write(stream: BinaryIO) -> None:
        text = io.TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace", newline="\n")
        renderer(report.format)(result, text, **_terminal_options(report, color, is_file=True))
        text.detach()

    atomic_write(file, write)


def _write_stdout(result: AuditResult, report: Report, color: str) -> None:
    stream = sys.stdout
    with output_errors("standard output"):
        if stream is None:
            raise OSError("it is closed")
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        renderer(report.format)(result, stream, **_terminal_options(report, color, is_file=False))
        stream.flush()


def _terminal_options(report: Report, color: str, *, is_file: bool) -> dict[str, Any]:
    if report.format != "terminal":
        return {}
    return {"color": "never" if is_file and color == "auto" else color}
