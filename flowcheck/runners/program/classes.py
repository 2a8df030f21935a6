"""The classes whose records may stand in a file of a program: those that these modules define."""

from __future__ import annotations

import dataclasses
import enum
import hashlib
from functools import cache
from types import ModuleType
from typing import Any

import msgspec

import flowcheck.arrays
import flowcheck.balance.expect.members
import flowcheck.balance.expect.plan
import flowcheck.balance.expect.routing
import flowcheck.balance.expect.shares
import flowcheck.compile.endpoints.addresses
import flowcheck.compile.endpoints.axis
import flowcheck.compile.endpoints.ownership
import flowcheck.compile.members
import flowcheck.compile.mesh.circumstances
import flowcheck.compile.mesh.ends
import flowcheck.compile.mesh.program
import flowcheck.compile.mesh.tables
import flowcheck.compile.rules.decisions
import flowcheck.model.cluster
import flowcheck.model.engines
import flowcheck.model.labels
import flowcheck.model.left_out
import flowcheck.model.mesh.linkerd
import flowcheck.model.mesh.membership
import flowcheck.model.mesh.requests
import flowcheck.model.mesh.routes
import flowcheck.model.mesh.written
import flowcheck.model.options
import flowcheck.model.peers
import flowcheck.model.places
import flowcheck.model.policy
import flowcheck.model.ports
import flowcheck.model.ranges
import flowcheck.model.service
import flowcheck.model.tiers
import flowcheck.model.timeline
import flowcheck.model.verdict
import flowcheck.results.records.summary
import flowcheck.runners.program.facts

MODULES: tuple[ModuleType, ...] = (
    flowcheck.arrays,
    flowcheck.balance.expect.members,
    flowcheck.balance.expect.plan,
    flowcheck.balance.expect.routing,
    flowcheck.balance.expect.shares,
    flowcheck.compile.endpoints.addresses,
    flowcheck.compile.endpoints.axis,
    flowcheck.compile.endpoints.ownership,
    flowcheck.compile.members,
    flowcheck.compile.mesh.circumstances,
    flowcheck.compile.mesh.ends,
    flowcheck.compile.mesh.program,
    flowcheck.compile.mesh.tables,
    flowcheck.compile.rules.decisions,
    flowcheck.model.cluster,
    flowcheck.model.engines,
    flowcheck.model.labels,
    flowcheck.model.left_out,
    flowcheck.model.mesh.linkerd,
    flowcheck.model.mesh.membership,
    flowcheck.model.mesh.requests,
    flowcheck.model.mesh.routes,
    flowcheck.model.mesh.written,
    flowcheck.model.options,
    flowcheck.model.peers,
    flowcheck.model.places,
    flowcheck.model.policy,
    flowcheck.model.ports,
    flowcheck.model.ranges,
    flowcheck.model.service,
    flowcheck.model.tiers,
    flowcheck.model.timeline,
    flowcheck.model.verdict,
    flowcheck.results.records.summary,
    flowcheck.runners.program.facts,
)


def _is_record(kind: type) -> bool:
    """A record or a word: made of its fields, and of nothing else."""
    named = issubclass(kind, tuple) and hasattr(kind, "_fields")
    return named or dataclasses.is_dataclass(kind) or issubclass(kind, enum.Enum | msgspec.Struct)


CLASSES: dict[str, type[Any]] = {
    f"{module.__name__.partition('.')[2]}.{name}": kind
    for module in MODULES
    for name, kind in vars(module).items()
    if isinstance(kind, type) and kind.__module__ == module.__name__ and _is_record(kind)
}
_NAMES = {kind: name for name, kind in CLASSES.items()}


@cache
def layout() -> str:
    """What tells these classes, with their fields and words, from those of another flowcheck."""
    parts = {name: getattr(kind, "__match_args__", tuple(vars(kind))) for name, kind in CLASSES.items()}
    words = {name: list(kind) for name, kind in CLASSES.items() if issubclass(kind, enum.Enum)}
    return hashlib.sha256(repr((sorted(parts.items()), sorted(words.items()))).encode()).hexdigest()


def name_of(kind: type) -> str:
    """**Raises**: TypeError for a class that is not in CLASSES."""
    if kind not in _NAMES:
        raise TypeError(f"{kind.__module__}.{kind.__qualname__} is no class of a program's records")
    return _NAMES[kind]
