"""A recording's watch with times -> the files that ``flowcheck snapshot --watch`` would have written of it.

The same events, pruned and told as they come, with files that are begun anew and a stop in the middle, after
which it goes on from the last file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flowcheck.kinds import KINDS
from flowcheck.live.discovery import Resource
from flowcheck.live.listing import kept
from flowcheck.live.watching.files import Files
from flowcheck.live.watching.followed import Followed
from flowcheck.live.watching.lines import encoded
from flowcheck.live.watching.record import Record
from flowcheck.live.watching.recovery import recover
from flowcheck.live.watching.watch import recall

ROTATE_BYTES = 1 << 19
_READ = {one.plural: one for one in KINDS if one.group in ("", "discovery.k8s.io", "networking.k8s.io")}


def replay(timed: Path, folder: Path) -> None:
    """``timed`` has a file for each kind; ``folder`` is written to."""
    events = []
    for file in timed.iterdir():
        kind = _READ[file.name.partition(".")[0]]
        resource = Resource(kind.group, "v1", kind.plural, kind.kind, kind)
        lines = map(json.loads, file.read_text().splitlines())
        events += [(line["time"], resource, line) for line in lines]
    events.sort(key=lambda one: one[0])
    half = len(events) // 2
    _play(events[:half], folder)
    _play(events[half:], folder)


def _play(events: list[tuple[float, Resource, dict[str, Any]]], folder: Path) -> None:
    now = [round(events[0][0] * 1e6)]
    record = Record(Files(folder), lambda: now[0], ROTATE_BYTES, 1 << 60)
    path = record.files.last()
    found = None if path is None else recover(path)
    for resource in dict.fromkeys(resource for _, resource, _ in events):
        one = Followed(resource, {})
        record.followed[one.title] = one
        if found is not None:
            recall(one, found)
    record.begin() if found is None else record.go_on(found)
    for number, (time, resource, line) in enumerate(events):
        now[0] = round(time * 1e6)
        one = record.followed[resource.title]
        told = encoded(kept(resource, line["object"]))
        for other in record.followed.values():
            record.reached(other, other.version or "0")
            record.heard(other)
        record.change(one, one.take(line["type"], told), str(number + 1))
    record.close()
