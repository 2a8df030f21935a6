"""What workers judge by, in a file that all of them map: tables at once, words and names when they are
needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from flowcheck.balance.expect.plan import CountingPlan
from flowcheck.compile import Program
from flowcheck.runners.program.stored import LaterMapping, LaterSequence, Stored

NAMES = ("by_pod", "by_uid", "by_workload")
LATER = {"decisions": LaterSequence, **dict.fromkeys(NAMES, LaterMapping)}
"""Needed where a row violates a policy, and where the log tells names: a process that begins does not wait
for them."""
WITH_THE_PARENT: dict[str, Any] = {
    **{"rules": (), "groups": (), "service_ports": (), "nodes": ()},
    **{"cluster": None, "located": {}},
}


def worker_sections(program: Program, plan: CountingPlan | None) -> Mapping[str, object]:
    named = {field.name: getattr(program, field.name) for field in fields(program)}
    later = {name: named.pop(name) for name in LATER}
    return {"program": {**named, **WITH_THE_PARENT}, **later, "plan": plan}


def read_worker_program(path: Path) -> tuple[Program, CountingPlan | None]:
    """As :func:`worker_sections` made it."""
    stored = Stored(path)

    def later(name: str) -> Any:
        return LATER[name](lambda: stored.load(name))

    return Program(**stored.load("program"), **{name: later(name) for name in LATER}), stored.load("plan")
