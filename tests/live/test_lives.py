"""What any files of a watch tell of who had an address, held against what happened.

A random day: pods come, change and go, files are rotated, the watch is down for a while and goes on, from
where it was or from a list. Nobody is told to have surely had an address who had it not, whichever file one
begins with; and whoever had one while the watch was there is known.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flowcheck.kinds import KINDS
from flowcheck.live.discovery import Resource
from flowcheck.live.pruning import pruned
from flowcheck.live.watching.files import Files
from flowcheck.live.watching.followed import Followed
from flowcheck.live.watching.lines import encoded
from flowcheck.live.watching.record import Record
from flowcheck.live.watching.recovery import recover
from flowcheck.live.watching.watch import recall
from flowcheck.model.instants import instant_text
from flowcheck.model.timeline import END
from flowcheck.reading import load_cluster

PODS = next(one for one in KINDS if one.plural == "pods")
RESOURCE = Resource("", "v1", "pods", "Pod", PODS)
BEGIN, STEP = 1_773_136_800_000_000, 20_000_000
WORLDS = min(int(os.environ.get("FLOWCHECK_WORLDS", "60")), 200)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ("come", "come", "go", "change", "rotate", "down", "up", "lost", "half", "crash", "refused")
        ),
        st.integers(0, 3),
    ),
    min_size=3,
    max_size=24,
)


@dataclass
class Life:
    name: str
    uid: str
    address: str
    start: int
    end: int = END
    label: int = 0

    def told(self) -> bytes:
        moment = instant_text(self.start)
        state = {"running": {"startedAt": moment}}
        whole = {
            "metadata": {
                "name": self.name,
                "namespace": "x",
                "uid": self.uid,
                "creationTimestamp": moment,
                "labels": {"version": str(self.label)},
            },
            "spec": {"containers": [{"name": "c"}], "nodeName": "n"},
            "status": {
                "phase": "Running",
                "podIP": self.address,
                "startTime": moment,
                "containerStatuses": [{"name": "c", "state": state}],
            },
        }
        return encoded(pruned(PODS, "v1", whole))


@dataclass
class Day:
    """``there``: who has which address now. ``unheard``: events that a watch that is down did not get."""

    folder: Path
    now: int = BEGIN
    version: int = 1
    lives: list[Life] = field(default_factory=list)
    there: dict[str, Life] = field(default_factory=dict)
    unheard: list[tuple[str, bytes]] = field(default_factory=list)
    downs: list[tuple[int, int]] = field(default_factory=list)
    down_since: int = 0
    record: Record = field(init=False)
    one: Followed = field(init=False)

    def __post_init__(self) -> None:
        self._open()
        self.one.version, self.one.heard = "1", self.now
        self.record.begin()

    def _open(self) -> None:
        self.record = Record(Files(self.folder), lambda: self.now, 1 << 30, 1 << 60)
        self.one = Followed(RESOURCE, {})
        self.record.followed[self.one.title] = self.one

    def step(self, what: str, number: int) -> None:
        self.now += STEP
        if self.one.lost:
            self.record.note()
        address = f"10.0.0.{number}"
        known = self.there.get(address)
        if what == "come" and known is None:
            life = Life(f"p{number}", f"u{len(self.lives)}", address, self.now)
            self.lives.append(life)
            self.there[address] = life
            self._happens("ADDED", life)
        elif what == "go" and known is not None:
            known.end = self.now
            del self.there[address]
            self._happens("DELETED", known)
        elif what == "change" and known is not None:
            known.label += 1
            self._happens("MODIFIED", known)
        elif what == "rotate" and not self.down_since:
            self.record._begin_file()
        elif what == "refused" and not self.down_since:
            self.down_since = self.now
            self.record.heard(self.one)
            self.record.lose(self.one, "may not be watched")
        elif what in ("down", "crash") and (not self.down_since or self.one.lost):
            if not self.down_since:
                self.record.heard(self.one)
            self.down_since = self.down_since or self.now
            self.record.close() if what == "down" else self.record.files.close()
            self.one.lost = ""
        elif what in ("up", "lost", "half") and self.down_since:
            self.up(lost=what == "lost", half=what == "half")

    def _happens(self, what: str, life: Life) -> None:
        self.version += 1
        if self.down_since:
            self.unheard.append((what, life.told()))
        else:
            self.record.change(self.one, self.one.take(what, life.told()), str(self.version))

    def up(self, *, lost: bool, half: bool = False) -> None:
        """``half``: it crashes again when half of what it missed is told."""
        if self.one.lost:
            self.record.find(self.one)
        else:
            self._open()
            found = recover(self.record.files.last() or Path())
            recall(self.one, found)
            self.record.go_on(found)
        since = self.one.heard
        if lost:
            there = [one.told() for one in self.there.values()]
            self.record.add(self.one, there, str(self.version), self.now)
        else:
            heard = self.unheard[: len(self.unheard) // 2] if half else self.unheard
            for what, told in heard:
                self.record.change(self.one, self.one.take(what, told), str(self.version), since)
            self.unheard = self.unheard[len(heard) :]
        if half:
            self.record.files.close()
            return
        self.record.heard(self.one)
        self.unheard.clear()
        self.downs.append((since, self.now))
        self.down_since = 0

    def end(self) -> None:
        self.now += STEP
        if self.down_since:
            self.up(lost=False)
        self.record.heard(self.one)
        self.record.close()

    def owner(self, address: str, at: int) -> str:
        found = [one.uid for one in self.lives if one.address == address and one.start <= at < one.end]
        return found[0] if found else ""


@settings(max_examples=WORLDS, deadline=None, derandomize="FLOWCHECK_WORLDS" not in os.environ)
@given(STEPS)
def test_the_files_of_a_watch_tell_who_had_an_address(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        day = Day(Path(folder))
        for what, number in steps:
            day.step(what, number)
        day.end()
        paths = sorted(Path(folder).glob("*.jsonl"))
        for first in range(len(paths)):
            begun = recover(paths[first]).begun
            check(day, load_cluster(paths[first:]), begun)


def check(day: Day, cluster: Any, begun: int) -> None:
    for address in (f"10.0.0.{number}" for number in range(4)):
        pods = [one for one in cluster.pods if address in one.addresses]
        for at in range(BEGIN + STEP // 2, day.now, STEP):
            truth = day.owner(address, at)
            sure = {one.uid for one in pods if one.lifetime.sure_start <= at < one.lifetime.sure_end}
            may = {one.uid for one in pods if one.lifetime.start <= at < one.lifetime.end}
            assert sure <= {truth}, (address, at)
            if at >= begun and not any(since <= at < until for since, until in day.downs):
                assert may == sure == ({truth} if truth else set()), (address, at)
