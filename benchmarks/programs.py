"""The programs that are timed, as commands: a checkout of flowcheck, and its peers.

Each checkout that is timed has caches of its own. ``kernels`` holds what ``flowcheck warmup`` leaves there
and nothing else; an audit is given a copy of it, so that nothing but kernels is cached, or one in which the
same cluster has been audited before.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from benchmarks.inputs.sizes import GENERATED
from benchmarks.measure import measure

HERE = Path(__file__).resolve().parent.parent


class Program(NamedTuple):
    command: list[str]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Checkout:
    """The folder that holds ``flowcheck/``, and the caches that it goes by (None: the user's)."""

    root: Path = HERE
    caches: Path | None = None

    @property
    def kernels(self) -> Path:
        """Kept between sessions: they take a minute to compile, and are compiled anew when they changed."""
        return GENERATED / "kernels" / sha256(str(self.root).encode()).hexdigest()[:12]

    @property
    def environment(self) -> dict[str, str]:
        """As ours, without what would change flowcheck's defaults, and this checkout before any other; with
        bytecode, as an installed flowcheck has it."""
        unlike = ("FLOWCHECK_", "PYTHONDONTWRITEBYTECODE")
        ours = {name: value for name, value in os.environ.items() if not name.startswith(unlike)}
        caches = {"XDG_CACHE_HOME": str(self.caches)} if self.caches else {}
        return ours | {"PYTHONPATH": str(self.root), "PYTHONSAFEPATH": "1"} | caches

    def warm(self) -> None:
        """Compile the kernels; outside the clock."""
        self.kernels.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "flowcheck", "warmup", "-q"]
        measure(command, Checkout(self.root, self.kernels).environment, memory=False)

    def with_caches(self, folder: Path) -> Checkout:
        """This checkout with a copy of the kernels in ``folder``, and of nothing else."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.kernels, folder)
        return Checkout(self.root, folder)

    def compiled_nothing(self) -> bool:
        """Whether the kernels here are those of ``warm``: to compile within the clock spoils a time."""
        here, warmed = (
            {path.relative_to(folder): path.stat().st_mtime_ns for path in folder.rglob("*.kernel")}
            for folder in (self.caches or self.kernels, self.kernels)
        )
        return here == warmed

    def audit(self, flows: Path, cluster: Path, out: Path, *more: str) -> Program:
        """``flowcheck audit`` with every output, into ``out`` and beside it."""
        outputs = ["-o", str(out), "-f", f"json={out}.json", "-q", "--exit-zero"]
        audit = ["audit", str(flows), "--cluster", str(cluster), *outputs, *more]
        return Program([sys.executable, "-m", "flowcheck", *audit], self.environment)

    def module(self, name: str, *arguments: str | Path) -> Program:
        """A module of ``benchmarks`` over this checkout's flowcheck."""
        command = [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)]
        return Program(command, self.environment)

    def peer(self, *arguments: str | Path) -> Program:
        return self.module("peers", *arguments)
