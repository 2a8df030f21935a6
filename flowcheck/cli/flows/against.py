"""--baseline and --ignore: what findings are held against before they make the exit code 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

GATE: list[Any] = [
    click.option(
        "--baseline",
        type=click.Path(file_okay=False),
        help="A former result's folder: findings that it has too are counted and told, and do not make the "
        "exit code 1.",
    ),
    click.option(
        "--ignore",
        type=click.Path(dir_okay=False),
        help="YAML file of findings that do not make the exit code 1 either, each with a reason, an owner "
        "and perhaps a date on which that ends: see docs/gates.md.",
    ),
]


def held_against(given: Mapping[str, Any]) -> dict[str, Any]:
    """What findings are held against, read before there are any; nothing, for a command without the options.

    **Raises**: RunError."""
    from flowcheck.results.gate.baseline import read_baseline, refuse_own_output
    from flowcheck.results.gate.ignoring import read_ignores

    baseline, ignore = given.get("baseline"), given.get("ignore")
    if baseline is not None:
        refuse_own_output(baseline, given["out"])
    return {
        "baseline": None if baseline is None else read_baseline(baseline),
        "ignores": None if ignore is None else read_ignores(ignore),
    }
