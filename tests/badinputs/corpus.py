"""All bad inputs, and running one of them: here, or as a person does, within limits.

What a process may map is limited far above what it may hold: numba and pyarrow map far more than they use, so
that a limit of 512 MiB on addresses would end any command.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from typing import NamedTuple

from tests.badinputs import (
    folders,
    lines,
    options,
    other_files,
    parquet,
    texts,
    unknown_fields,
    wrong_types,
    wrong_values,
)
from tests.badinputs.inputs import BadInput
from tests.cli.run import ROOT, flowcheck
from tests.limits import within
from tests.runners.worlds import ALLOWED, write_cluster, write_flows

PAGES = (wrong_types, wrong_values, unknown_fields, texts, parquet, folders, lines, options, other_files)
CORPUS: tuple[BadInput, ...] = tuple(one for page in PAGES for one in page.INPUTS)

MOST_SECONDS = 5
MOST_MEMORY = 512 << 20
"""Bytes that the command's own process may hold."""
MOST_ADDRESSES = 6 << 30
"""Bytes that a process may map, workers too."""
WIDE = {"COLUMNS": "1000"}
"""Reports break no lines then."""


class World(NamedTuple):
    """A good cluster, good flows, and a place for results; ``base`` is where inputs are made."""

    base: Path

    def words(self, one: BadInput, here: Path) -> list[str]:
        places = {
            "here": here,
            "cluster": self.base / "cluster",
            "flows": self.base / "flows.parquet",
            "out": self.base / "out.parquet",
        }
        return [re.sub(r"\{(\w+)\}", lambda found: str(places[found[1]]), word) for word in one.command]

    @contextmanager
    def made(self, one: BadInput) -> Iterator[Path]:
        """The input's folder, which goes when this ends: some are deeper than Python can remove them."""
        here = self.base / "here"
        here.mkdir()
        try:
            one.make(here)
            yield here
        finally:
            subprocess.run(["rm", "-rf", "--", str(here)], check=True)


def make_world(base: Path) -> World:
    write_cluster(base / "cluster")
    write_flows(base / "flows.parquet", [ALLOWED])
    return World(base)


def run_here(words: list[str]) -> CompletedProcess[str]:
    """The command in this process. Raises: TooSlow after so many seconds."""
    with within(MOST_SECONDS):
        return flowcheck(*words, env=WIDE)


class Ended(NamedTuple):
    """A process of its own: what it said, the processor time it and its workers took, and the memory that the
    largest of them held."""

    done: CompletedProcess[str]
    seconds: float
    memory: int


def run_apart(words: list[str], folder: Path) -> Ended:
    """The command as a person runs it, its addresses limited. Raises: TimeoutError where it does not end."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    with open(folder / "stdout", "w+b") as out, open(folder / "stderr", "w+b") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "flowcheck", *words],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            preexec_fn=limit,
            cwd=ROOT,
            env={**os.environ, **WIDE, "PYTHONPATH": str(ROOT)},
        )
        status, used = _ended(process)
        out.seek(0)
        err.seek(0)
        said = out.read().decode(), err.read().decode()
    code = os.waitstatus_to_exitcode(status)
    return Ended(CompletedProcess(words, code, *said), used.ru_utime + used.ru_stime, used.ru_maxrss << 10)


def _ended(process: subprocess.Popen[bytes]) -> tuple[int, resource.struct_rusage]:
    """Wait for its end, and no longer than a busy machine may need. The process is reaped here, once."""
    late = time.monotonic() + 20 * MOST_SECONDS
    while time.monotonic() < late:
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return status, used
        time.sleep(0.02)
    process.kill()
    process.wait()
    raise TimeoutError(f"did not end within {20 * MOST_SECONDS} s")
