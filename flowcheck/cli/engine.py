"""--cni, and an option for each switch of its profile: who enforces policies, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from flowcheck.engines.profiles import AUTO, CHOICES
from flowcheck.model.engines import SWITCH_NAMES, SWITCHES, Switch


def _option(switch: Switch) -> Any:
    words = {"type": click.Choice(switch.values)} if switch.values else {"metavar": "NAMESPACE"}
    return click.option(switch.option, switch.name, help=switch.help, **words)


ENGINE: list[Any] = [
    click.option(
        "--cni",
        type=click.Choice(CHOICES),
        default=AUTO,
        show_default=True,
        help="Whose way to enforce policies: of the network plugin that the cluster's own objects tell, or "
        "of this one. It answers each of the questions below, which may be answered one by one.",
    ),
    *map(_option, SWITCHES),
]

NOTHING_CHOSEN: Mapping[str, Any] = {"cni": AUTO, **dict.fromkeys(SWITCH_NAMES)}
"""What a command has where nobody asked for anything."""


def chosen(given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The switches that a person set, with their values."""
    return tuple((name, given[name]) for name in SWITCH_NAMES if given[name] is not None)
