"""Environment variables for a while."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from flowcheck.runners.program.source import THREAD
from flowcheck.stores.waiting import NAME

READING = {NAME, THREAD}
LONGEST = 60.0
"""Seconds that a store in a test lets anybody wait, and more."""

_WATCHED = """
import json, sys, threading
from flowcheck.stores.waiting import NAME
found = []
def hook(event, about):
    if event in ("os.putenv", "os.unsetenv") and any(one.name == NAME for one in threading.enumerate()):
        found.append(about[0].decode())
sys.addaudithook(hook)
from flowcheck.cli.main import main
code = main(sys.argv[1:])
print(json.dumps(found))
sys.exit(code)
"""


def set_while_a_store_is_read(*words: str) -> list[str]:
    """The variables that a command sets while a thread of its own reads; it finds violations, and has the
    environment of this process."""
    run = subprocess.run(
        [sys.executable, "-c", _WATCHED, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    assert run.returncode == 1, run.stderr
    found: list[str] = json.loads(run.stdout.splitlines()[-1])
    return found


@contextmanager
def environment(told: Mapping[str, str]) -> Iterator[None]:
    """What is told, as well; as it was again when no thread is left that reads from a store. Its library
    looks into the environment at each request, and a process may die where that changes meanwhile."""
    with patch.dict(os.environ, told):
        try:
            yield
        finally:
            until = time.monotonic() + LONGEST
            while any(thread.name in READING for thread in threading.enumerate()):
                assert time.monotonic() < until, "a store is still read"
                time.sleep(0.01)
