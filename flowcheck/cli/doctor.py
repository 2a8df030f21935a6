"""flowcheck doctor: what this installation is made of, and what would make it slow or make it fail."""

from __future__ import annotations

import os
import platform
import resource
import sys
from importlib import metadata
from pathlib import Path

import click

from flowcheck.cli.words.options import CONTEXT
from flowcheck.counted import counted
from flowcheck.version import __version__

LIBRARIES = ("pyarrow", "numba", "numpy", "click", "pyyaml", "rich", "msgspec", "jinja2")
LEAST_MEMORY = 2 << 30
"""Bytes of address space a reading process needs; below it pyarrow aborts in ways nobody can catch."""


@click.command("doctor", context_settings=CONTEXT)
def command() -> int:
    """Show versions, cache, cores, and what would be slow or fail, and why. Ends with 2 on a failure.

    \b
    flowcheck doctor
    """
    found = [check() for check in (_versions, _libraries, _kernels, _cores, _memory)]
    facts, slow, broken = (
        [line for lines in column for line in lines] for column in zip(*found, strict=True)
    )
    lines = [*facts, *(f"slow: {line}" for line in slow), *(f"fails: {line}" for line in broken)]
    lines.append("problems: none" if not slow and not broken else f"problems: {len(slow) + len(broken)}")
    from flowcheck.reports.parts.escape import escape

    for line in lines:
        click.echo(escape(line))
    return 2 if broken else 0


Findings = tuple[list[str], list[str], list[str]]
"""Facts, what is slow, what fails."""


def _versions() -> Findings:
    system = f"Python {platform.python_version()} on {platform.platform()}"
    return [f"flowcheck {__version__}", system], [], []


def _libraries() -> Findings:
    facts, broken = [], []
    for name in LIBRARIES:
        try:
            facts.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            broken.append(f"{name} is not installed; install flowcheck again")
    return facts, [], broken


def _kernels() -> Findings:
    try:
        from flowcheck.kernels.cached.folder import cache_directory, is_cold, is_read_only

        folder = cache_directory()
    except Exception as error:  # whatever is wrong with numba here, this command is there to say so
        return [], [], [f"the kernels cannot be loaded ({type(error).__name__}); see the versions above"]
    slow = []
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        slow.append("NUMBA_DISABLE_JIT is set: kernels run as plain Python, several hundred times slower")
    if os.environ.get("NUMBA_BOUNDSCHECK", "0") not in ("", "0"):
        slow.append("NUMBA_BOUNDSCHECK is set: every array access is checked")
    if folder is None:
        slow.append(
            "no safe folder for the kernel cache: each run compiles for some seconds; set XDG_CACHE_HOME"
        )
        return ["kernel cache: none"], slow, []
    if is_cold():
        slow.append(
            "the kernel cache is empty: the first run compiles for some seconds; run flowcheck warmup"
        )
    only = " (read-only)" if is_read_only(folder) else ""
    return [f"kernel cache: {folder}{only}", _programs(folder)], slow, []


def _programs(folder: Path) -> str:
    """The clusters whose audits begin at once."""
    from flowcheck.runners.program.kept import FOLDER

    sizes = [entry.stat().st_size for entry in (folder / FOLDER).glob("*")]
    kept = f"{counted(len(sizes), 'cluster')} ({sum(sizes) >> 20} MiB)"
    return f"program cache: {kept if sizes else 'no cluster yet'}"


def _cores() -> Findings:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    facts = [f"cores: {usable} usable of {os.cpu_count()}"]
    return facts, ["one core: files are judged one after the other"] if usable == 1 else [], []


def _memory() -> Findings:
    soft, _hard = resource.getrlimit(resource.RLIMIT_AS)
    fact = "address space: " + ("unlimited" if soft == resource.RLIM_INFINITY else f"{soft >> 20} MiB")
    broken = []
    if soft != resource.RLIM_INFINITY and soft < LEAST_MEMORY:
        broken.append(f"the address space limit is below {LEAST_MEMORY >> 30} GiB; raise it (ulimit -v)")
    if sys.maxsize < 2**32:
        broken.append("a 32-bit Python; use a 64-bit one")
    return [fact], [], broken
