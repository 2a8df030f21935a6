"""The options that say how a result is shown, and where its files go."""

from __future__ import annotations

from typing import Any

import click

from flowcheck.cli.words.values import OutFolder, Report, ReportType
from flowcheck.reports import FORMATS

OUT: list[Any] = [
    click.option("-o", "--out", type=OutFolder(), help="Folder for the result files, or s3://BUCKET/PREFIX."),
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
