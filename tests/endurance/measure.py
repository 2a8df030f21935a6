"""The most memory that a command and all its processes hold together: what they share counts once (PSS)."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

EVERY = 0.05
"""Seconds between two looks."""


class Held(NamedTuple):
    """Bytes, at their most: ``together`` of all processes, ``largest`` of one. ``error`` is what it said."""

    code: int
    together: int
    largest: int
    seconds: float
    error: str


def run(command: Sequence[str]) -> Held:
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    together = largest = 0
    while process.poll() is None:
        held = [_held(pid) for pid in (process.pid, *_below(process.pid))]
        together, largest = max(together, sum(held)), max(largest, *held)
        time.sleep(EVERY)
    _, error = process.communicate()
    return Held(process.returncode, together, largest, time.monotonic() - begin, error)


def _below(pid: int) -> list[int]:
    """All descendants; none of a process that has ended."""
    try:
        children = [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return []
    return [*children, *(below for child in children for below in _below(child))]


def _held(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    found = re.search(r"^Pss:\s+(\d+) kB$", text, re.M)
    return int(found[1]) << 10 if found else 0
