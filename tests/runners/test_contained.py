"""A worker has limits before it opens a file, and what a library prints there goes nowhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from flowcheck.flows.files.contained import CPU_LIMIT, MEMORY_LIMIT

ROOT = Path(__file__).parents[2]
CONTAINED = """
import ctypes, json, os, resource, signal
from flowcheck.flows.files import contained
contained.contain()
contained.allow_cpu()
death = ctypes.c_int()
ctypes.CDLL(None).prctl(2, ctypes.byref(death))
limits = {name: resource.getrlimit(getattr(resource, "RLIMIT_" + name))[0] for name in ("CORE", "AS", "CPU")}
told = os.dup(1)
contained.silence()
os.write(1, b"from a library")
os.write(2, b"from a library")
os.write(told, json.dumps({**limits, "DEATH": death.value}).encode())
"""


def test_limits_are_in_force_and_output_goes_nowhere() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CONTAINED],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    limits = json.loads(done.stdout)
    assert (limits["CORE"], limits["DEATH"]) == (0, 9)
    assert 0 < limits["AS"] <= MEMORY_LIMIT
    assert CPU_LIMIT <= limits["CPU"] <= CPU_LIMIT + 60
    assert done.stderr == ""
