"""How ``flowcheck explain`` is asked about a flow of an audit, so that it says the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from flowcheck.compile import Program


class Question(NamedTuple):
    """As :func:`flowcheck.explain` takes it. ``told``: what a record tells a mesh, by keyword."""

    src: str
    dst: str
    port: int
    protocol: str
    source_port: int | None
    at: str
    told: Mapping[str, str]
    waypoint: bool


@dataclass(frozen=True, slots=True)
class Again:
    """``options`` name the cluster and who enforces policies, as words of a command line. ``at_its_time``:
    the time of the flow matters, else the options say which does; ``asks_source``: so does the port that it
    comes from; ``asks_mesh``: what a record tells a mesh does. ``program``: what the audit judged by."""

    options: tuple[str, ...] = ("--cluster", "...")
    at_its_time: bool = True
    asks_source: bool = False
    asks_mesh: bool = False
    program: Program | None = None
