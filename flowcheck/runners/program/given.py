"""What workers judge by, in a file that all of them map: tables at once, words and names when they are
needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from flowcheck.arrays import MomentTable
from flowcheck.balance.expect.plan import CountingPlan
from flowcheck.compile import Program
from flowcheck.judging.moments import find_moments
from flowcheck.model.cluster import Cluster
from flowcheck.runners.program.stored import LaterMapping, LaterObject, LaterSequence, Stored

NAMES = ("by_pod", "by_uid", "by_workload")
LATER = {"decisions": LaterSequence, **dict.fromkeys(NAMES, LaterMapping)}
"""Needed where a row violates a policy, and where the log tells names: a process that begins does not wait
for them."""
UNUSED: dict[str, Any] = {"rules": (), "groups": ()}
"""What only results are told by, beside what :meth:`Program.without_cluster` leaves out."""
TOLD_BY = ("decisions", *UNUSED)


class Given(NamedTuple):
    """``plan``: what the load is counted by, None where it is not. ``moments``: when what is said of an
    endpoint may change, found once for all workers."""

    program: Program
    plan: CountingPlan | None
    moments: MomentTable


def give(program: Program, plan: CountingPlan | None) -> Given:
    counting = plan.counting if plan else None
    return Given(program, plan, find_moments(program.tables.services, program.tables.endpoints, counting))


def sections_of(given: Given) -> Mapping[str, object]:
    """As :func:`read_given` reads them, with the parts of the program that are needed later by themselves."""
    light = given.program.without_cluster()
    parts = {field.name: getattr(light, field.name) for field in fields(light)} | UNUSED
    later = {name: parts.pop(name) for name in LATER}
    return {"program": parts, **later, "plan": given.plan, "moments": given.moments}


def read_given(descriptor: int, begin: int = 0) -> Given:
    """``begin``: where in the file it begins. **Raises**: DamagedError."""
    stored = Stored(descriptor, begin)
    return Given(_read_program(stored), stored.load("plan"), stored.load("moments"))


def results_sections(program: Program) -> Mapping[str, object]:
    """What :func:`read_for_results` needs beside :func:`sections_of`."""
    return {name: getattr(program, name) for name in (*UNUSED, "cluster")}


def read_for_results(stored: Stored, cluster: Callable[[], Cluster]) -> Program:
    """The program that names are put back with. Its cluster is read when something is asked of it: that takes
    longer than all else."""
    return _read_program(
        stored, **{name: stored.load(name) for name in TOLD_BY}, cluster=LaterObject(cluster)
    )


def _read_program(stored: Stored, **known: Any) -> Program:
    def later(name: str) -> Any:
        return LATER[name](lambda: stored.load(name))

    return Program(**stored.load("program") | {name: later(name) for name in LATER} | known)
