"""The options several commands share, as values, and how they are put on a command.

Every option may also be set by the environment (``FLOWCHECK_FAIL_ON``) or in the file named by
``--config``; the command line beats the environment, which beats the file. One file because each command
draws on all of it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import click

from flowcheck.cli.words.config import read_config
from flowcheck.cli.words.logs import LOGS
from flowcheck.cli.words.messages import Messages
from flowcheck.cli.words.reports import shown_as
from flowcheck.cli.words.stores import PARTITIONS
from flowcheck.cli.words.values import (
    Cidr,
    Duration,
    Moment,
    Percent,
    Tolerance,
    ToleranceType,
)
from flowcheck.keywords import GIVE_UP_AFTER, MOST_FINDINGS

F = TypeVar("F", bound=Callable[..., Any])
Option = Callable[[F], F]

CONTEXT = {"auto_envvar_prefix": "FLOWCHECK", "help_option_names": ["-h", "--help"]}
"""Without the command's name in it: one FLOWCHECK_JOBS serves every command."""


def _set_config(context: click.Context, _parameter: click.Parameter, path: str | None) -> None:
    if path:
        context.default_map = {**(context.default_map or {}), **read_config(path, context.command)}


def _set_log_format(context: click.Context, _parameter: click.Parameter, name: str) -> None:
    if isinstance(context.obj, Messages):
        context.obj.as_json = name == "json"


def _set_verbosity(context: click.Context, parameter: click.Parameter, value: int) -> None:
    if isinstance(context.obj, Messages) and value:
        context.obj.verbosity = -1 if parameter.name == "quiet" else value


TIME: list[Option[Any]] = [
    click.option(
        "--skew",
        type=Duration(),
        default="2s",
        show_default=True,
        help="How far the clocks of the log and of the cluster may differ.",
    ),
    click.option(
        "--as-of",
        type=Moment(),
        help="Judge every flow by the policies in force at this instant, not when it began; "
        "--policies current: by the latest.",
    ),
    click.option(
        "--assume-unchanged",
        type=Duration(),
        default="0s",
        help="Take policies to stay as the last snapshot shows them, for so long after it; else what began "
        "after it is unknown. Ends of flows are inferred then.",
    ),
]

RANGES: list[Option[Any]] = [
    click.option(
        "--cluster-range",
        "cluster_ranges",
        multiple=True,
        type=Cidr(),
        help="Where the cluster's pods get their addresses from, beside what nodes and IPPools tell: nobody "
        "known there is unresolved, never external. A range that is guessed from the addresses of known pods "
        "gives way to one that overlaps it. Repeatable.",
    ),
]

SELECTION: list[Option[Any]] = [
    *LOGS,
    click.option(
        "--since", type=Moment(), help="From this instant on: RFC 3339, a date (UTC), or an age: 6h."
    ),
    click.option("--until", type=Moment(), help="Before this instant."),
    *PARTITIONS,
    click.option("-n", "--namespace", multiple=True, help="Only flows with an end in it. Repeatable."),
]

PATIENCE: list[Option[Any]] = [
    click.option(
        "--give-up-after",
        type=Duration(),
        default=f"{GIVE_UP_AFTER // timedelta(minutes=1)}m",
        show_default=True,
        help="Kill a worker that gets nowhere for so long, as of a dead disk; its file is tried once more.",
    ),
]

JOBS: list[Option[Any]] = [
    click.option("--jobs", type=click.IntRange(min=1), help="Worker processes.  [default: all cores]"),
    *PATIENCE,
]

WHERE: list[Option[Any]] = [
    click.option(
        "--engine",
        type=click.Choice(("local", "spark")),
        default="local",
        show_default=True,
        help="Judge by worker processes, or by Spark's executors, which see the files at the same paths "
        "(pip install 'flowcheck[spark]').",
    ),
]

TOLERANCE: list[Option[Any]] = [
    click.option(
        "--max-rejected",
        type=ToleranceType(),
        default=Tolerance(),
        help="Rows, or a share such as 0.5%, that may be bad.  [default: 0]",
    ),
    click.option("--min-coverage", type=Percent(), help="End with 3 when fewer rows get a verdict."),
]

CACHE: list[Option[Any]] = [
    click.option(
        "--no-cache", is_flag=True, help="Use no cache of compiled kernels and programs, and keep none."
    ),
]

RUNNING: list[Option[Any]] = [
    *JOBS,
    click.option("--resume", is_flag=True, help="Go on with an interrupted run in the same -o."),
    *TOLERANCE,
    *CACHE,
]

JUDGING: list[Option[Any]] = [
    *RUNNING,
    click.option(
        "--max-findings",
        type=click.IntRange(min=1),
        default=MOST_FINDINGS,
        show_default=True,
        help="Findings that are listed; all are counted.",
    ),
    click.option("--keep-columns", is_flag=True, help="Keep unknown columns in violations.parquet."),
]
NOT_OF_RULES: dict[str, Any] = {
    "out": None,
    "resume": False,
    "keep_columns": False,
    "max_findings": MOST_FINDINGS,
}
"""What an audit is asked for by commands that tell of rules, and have no such options."""

OUTCOME: list[Option[Any]] = [
    *shown_as(
        "audit",
        "terminal, json, jsonl, csv, md, html (a page to open in a browser) or svg (who talked to whom, "
        "drawn); for continuous integration sarif, junit, github (workflow commands) or gitlab (code "
        "quality)",
    ),
    click.option(
        "--fail-on",
        type=click.Choice(["violation", "unresolved", "none"]),
        default="violation",
        show_default=True,
        help="What makes the exit code 1; unresolved counts unknown verdicts too.",
    ),
    click.option("--exit-zero", is_flag=True, help="0 instead of 1. An incomplete run still ends with 3."),
]

QUIET: list[Option[Any]] = [
    click.option(
        "-q", "--quiet", is_flag=True, expose_value=False, callback=_set_verbosity, help="Errors only."
    ),
]

SPEECH: list[Option[Any]] = [
    *QUIET,
    click.option(
        "-v", "--verbose", count=True, expose_value=False, callback=_set_verbosity, help="Say more."
    ),
    click.option(
        "--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True
    ),
    click.option("--no-progress", is_flag=True, help="No progress bar."),
    click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        is_eager=True,
        expose_value=False,
        callback=_set_log_format,
        help="Form of the messages on standard error.",
    ),
    click.option(
        "--config",
        type=click.Path(dir_okay=False),
        is_eager=True,
        expose_value=False,
        callback=_set_config,
        help="YAML file of option values.",
    ),
]


def options(*groups: list[Option[Any]]) -> Callable[[F], F]:
    """Put the options on a command, in the order they are written."""

    def decorate(function: F) -> F:
        for option in reversed([option for group in groups for option in group]):
            function = option(function)
        return function

    return decorate


def is_terminal(stream: Any) -> bool:
    return stream is not None and bool(stream.isatty())


def messages(context: click.Context) -> Messages:
    """The messages of this run; a fresh set where a command is invoked without ``main``."""
    return context.ensure_object(Messages)


def progress_wanted(context: click.Context, no_progress: bool) -> bool:
    """Only for people: standard error is a terminal, and nobody asked for silence."""
    speech = messages(context)
    return not no_progress and speech.verbosity >= 0 and not speech.as_json and is_terminal(sys.stderr)
