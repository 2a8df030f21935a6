"""The options that say how a result is shown, and where its files go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from flowcheck.cli.words.values import Report, ReportType
from flowcheck.reports import FORMATS

OUT: list[Any] = [
    click.option(
        "-o", "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the result files."
    ),
]


def shown_as(subject: str, formats: str = "") -> list[Any]:
    """-f of a command whose reports are of this subject. ``formats``: them in words, where their names alone
    do not say enough."""
    *names, last = FORMATS[subject]
    told = formats or f"{', '.join(names)} or {last}"
    return [
        click.option(
            "-f",
            "--format",
            "formats",
            multiple=True,
            type=ReportType(subject),
            default=[Report("terminal")],
            help=f"{told}; =FILE writes there instead of standard output. Repeatable.  [default: terminal]",
        ),
    ]
