"""Running the command: here, or as a person does, in a process of its own.

A process of its own costs two seconds of imports and is for what shows only there: real pipes, real codes,
signals. Everything else is the same ``main`` called here.
"""

from __future__ import annotations

import gc
import io
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess
from typing import IO
from unittest.mock import patch

from flowcheck.cli.main import main
from tests.environment import environment

ROOT = Path(__file__).parent.parent.parent


def flowcheck(
    *arguments: str | Path, env: dict[str, str] | None = None, stdin: str = ""
) -> CompletedProcess[str]:
    """The command in this process."""
    words = [*map(str, arguments)]
    out, err = _stream(), _stream()
    with (
        _as_it_was(env or {}),
        patch("sys.stdin", _stream(stdin)),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = main(words)
    return CompletedProcess(words, code, *(stream.buffer.getvalue().decode() for stream in (out, err)))


def in_a_process(
    *arguments: str | Path,
    env: dict[str, str] | None = None,
    stdout: int | IO[str] = subprocess.PIPE,
    stdin: str | None = None,
) -> CompletedProcess[str]:
    """The command as a person runs it."""
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


class _Stream(io.TextIOWrapper):
    """A stream whose bytes can be had when all is done."""

    buffer: io.BytesIO  # type: ignore[assignment]


def _stream(text: str = "") -> _Stream:
    return _Stream(io.BytesIO(text.encode()), "utf-8")


@contextmanager
def _as_it_was(env: dict[str, str]) -> Iterator[None]:
    """Warnings as a fresh process has them; and what ``main`` sets for its whole process is taken back."""
    thresholds = gc.get_threshold()
    try:
        with environment(env), warnings.catch_warnings():
            warnings.resetwarnings()
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        gc.set_threshold(*thresholds)
