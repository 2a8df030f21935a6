"""Running the command as a person does, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parent.parent.parent


def flowcheck(
    *arguments: str | Path,
    env: dict[str, str] | None = None,
    stdout: int | IO[str] = subprocess.PIPE,
    stdin: str | None = None,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flowcheck", *map(str, arguments)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        input=stdin,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
    )
