"""Held against what really happened: what may have been so holds the truth, and what surely was so is it.

A policy's life is made up, then shown only through snapshots and watches of some of the time, and asked for
at every minute.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from flowcheck.model.policy import PortRange
from flowcheck.reading import load_cluster
from tests.history.timed import Json, at, event, policy, seen, snapshot, watch

MINUTES = 24


class State(NamedTuple):
    """The policy at one time: the port it opens, its uid, when it was made, how often written."""

    port: int
    uid: str
    created: int
    generation: int


class Change(NamedTuple):
    minute: int
    kind: str


CHANGES = st.lists(
    st.builds(Change, st.integers(1, MINUTES - 1), st.sampled_from(["write", "delete", "create", "same"])),
    max_size=6,
    unique_by=lambda change: change.minute,
).map(sorted)


def clock(minute: float) -> str:
    return f"10:{int(minute):02d}:{round(minute % 1 * 60):02d}"


def life_of(changes: list[Change], there_at_first: bool) -> list[State | None]:
    """What the policy really was at each minute; 100 + the number of the change is its port."""
    now = State(100, "uid-0", -60, 1) if there_at_first else None
    states: list[State | None] = []
    by_minute = {change.minute: (number, change.kind) for number, change in enumerate(changes, 1)}
    for minute in range(MINUTES):
        number, kind = by_minute.get(minute, (0, ""))
        if now is None and kind in ("create", "write"):
            now = State(100 + number, f"uid-{number}", minute, 1)
        elif now is not None and kind == "delete":
            now = None
        elif now is not None and kind == "write":
            now = State(100 + number, now.uid, now.created, now.generation + 1)
        states.append(now)
    return states


def shown(state: State, told: bool) -> Json:
    """The object as an input has it; ``told``: with the time it was created and its generation."""
    created = clock(state.created) if state.created >= 0 else "09:00"
    meta = {"generation": state.generation} if told else {}
    return policy("n", state.port, uid=state.uid, created=created if told else "", metadata=meta)


def show(folder: Path, states: list[State | None], snapshots: set[int], watched: range, told: bool) -> None:
    other = policy("other", uid="other")
    for minute in snapshots:
        state = states[minute]
        objects = [other] if state is None else [other, shown(state, told)]
        snapshot(folder, clock(minute + 0.5), *objects)
    if not watched:
        return
    before = states[watched.start]
    events = [event("ADDED", other, clock(watched.start + 0.5))]
    events += [] if before is None else [event("ADDED", shown(before, told), clock(watched.start + 0.5))]
    for minute in watched[1:]:
        state, time = states[minute], clock(minute)
        if before is not None and (state is None or state.uid != before.uid):
            events.append(event("DELETED", shown(before, told), time))
            before = None
        if state is not None and state != before:
            events.append(event("ADDED" if before is None else "MODIFIED", shown(state, told), time))
        before = state
    events.append(event("MODIFIED", other, clock(watched.stop - 0.5)))
    watch(folder, *events)


def ports_at(versions: list[object], minute: float, *, surely: bool) -> set[int]:
    time = at(clock(minute))
    found = set()
    for version in versions:
        lifetime = version.lifetime  # type: ignore[attr-defined]
        if lifetime.sure(time) if surely else lifetime.possible(time):
            (port,) = version.ingress[0].ports  # type: ignore[attr-defined]
            assert isinstance(port, PortRange)
            found.add(port.first)
    return found


@given(
    changes=CHANGES,
    there_at_first=st.booleans(),
    snapshots=st.sets(st.integers(0, MINUTES - 1), max_size=4),
    watched=st.tuples(st.integers(0, MINUTES - 2), st.integers(1, MINUTES)),
    told=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_what_is_sure_is_true_and_what_is_true_is_possible(
    changes: list[Change],
    there_at_first: bool,
    snapshots: set[int],
    watched: tuple[int, int],
    told: bool,
) -> None:
    states = life_of(changes, there_at_first)
    minutes = range(watched[0], min(watched[0] + watched[1], MINUTES))
    with tempfile.TemporaryDirectory() as name:
        show(Path(name), states, snapshots, minutes, told)
        versions = seen(load_cluster(name), "policies", "n")
    sighted = {states[minute] for minute in (*snapshots, *minutes)} - {None}
    for minute in range(MINUTES):
        state = states[minute]
        true = set() if state is None else {state.port}
        if minute not in range(minutes.stop, MINUTES):  # after a watch ended, it is taken to go on
            assert ports_at(versions, minute + 0.25, surely=True) <= true, minute
        if state in sighted:
            assert true <= ports_at(versions, minute + 0.25, surely=False), minute
