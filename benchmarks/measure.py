"""The clock: runs a command as a process of its own; wall and processor time, peak memory of its tree."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

SAMPLE_EVERY_S = 0.02
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Measurement:
    """Time, and the peak of the memory of the process and all its children together (0: not asked for).

    Memory is sampled. It is PSS: of a page that several processes share, each has its part.
    """

    wall_s: float
    cpu_s: float
    peak_bytes: int
    output: str


def compared(one: str, other: str, pairs: Sequence[tuple[Measurement, Measurement]], unit: str) -> str:
    """A line on two programs that ran in turn: medians, and how many times what the one takes the other does.
    ``unit``: wall_s or cpu_s."""
    each = [(getattr(first, unit), getattr(second, unit)) for first, second in pairs]
    firsts, seconds = zip(*each, strict=True)
    ratios = [second / first for first, second in each]
    return (
        f"{unit}: {one} {median(firsts):.2f}, {other} {median(seconds):.2f}, "
        f"{other} / {one} {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    )


def measure(
    command: Sequence[str], environment: Mapping[str, str] | None = None, *, memory: bool = True
) -> Measurement:
    """Run the command to its end. Sampling memory slows it down: leave it out where time is what counts.

    Raises: RuntimeError with what it said, when it does not end with 0.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    peak = _Peak(process.pid)
    if memory:
        peak.start()
    output, complaint = process.communicate()
    wall = time.perf_counter() - began
    if memory:
        peak.stop()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{complaint}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measurement(wall, cpu, peak.peak_bytes, output)


class _Peak(threading.Thread):
    """Samples the memory of a process tree until told to stop."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak_bytes = 0
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(SAMPLE_EVERY_S):
            self.peak_bytes = max(self.peak_bytes, sum(map(_share, _tree(self.pid))))

    def stop(self) -> None:
        self.stopped.set()
        self.join()


def _tree(pid: int) -> list[int]:
    """The process and everything below it. A process that has just ended has no children."""
    found, waiting = [], [pid]
    while waiting:
        parent = waiting.pop()
        found.append(parent)
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                waiting += map(int, Path(f"/proc/{parent}/task/{task}/children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def _share(pid: int) -> int:
    """The process's proportional share of the memory that is in use; 0 when it has just ended."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            return next((int(line.split()[1]) << 10 for line in file if line.startswith("Pss:")), 0)
    except (FileNotFoundError, ProcessLookupError, PermissionError):  # a zombie's is nobody's to read
        return 0


def session() -> dict[str, Any]:
    """When and where figures are taken: the beginning of every record."""
    return {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}


def machine() -> dict[str, Any]:
    """Where this ran: processor, cores, memory, how busy it was, versions, commit."""
    cpu = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cpu": cpu[0].split(":", 1)[1].strip() if cpu else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * PAGE_BYTES / 2**30, 1),
        "load_before": os.getloadavg()[0],
        "system": f"{platform.system()} {platform.release()}",
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in LIBRARIES},
        "commit": commit(Path(__file__).resolve().parent.parent),
    }


LIBRARIES = ("flowcheck", "numpy", "numba", "pyarrow", "duckdb", "polars", "chdb")


def _version(name: str) -> str:
    if name == "flowcheck":
        import flowcheck  # noqa: PLC0415 (from the checkout, whether or not it is installed)

        return flowcheck.__version__
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def commit(root: Path) -> str:
    """What is checked out there, with a + if it was changed since; ``none`` outside of git."""
    head = _git(root, "rev-parse", "--short=12", "HEAD")
    return head + ("+" if _git(root, "status", "--porcelain") else "") if head else "none"


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
