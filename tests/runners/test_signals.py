"""Signals at any moment of a run: one line, the right code, nothing torn, nothing left behind.

``FLOWCHECK_SIGNALS`` is how many are sent; many take long.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from flowcheck.runners.workspace import FOLDER
from flowcheck.signals import ENDING
from tests.cli.run import flowcheck
from tests.runners.disturbed import command, start, wait_for
from tests.runners.worlds import OUTPUTS, outputs

SIGNALS = int(os.environ.get("FLOWCHECK_SIGNALS", "6"))
WHOLE_RUN = 4.0
"""Seconds of a whole run, about; what has ended before its signal proves nothing, and costs as little."""


def test_signals_at_random(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    dice, out = random.Random(os.environ.get("FLOWCHECK_SIGNALS", "")), tmp_path / "out"
    ended = 0
    for _ in range(SIGNALS):
        number = dice.choice([*ENDING, *ENDING, signal.SIGKILL])
        run = start(world, out, "--resume", stderr=subprocess.PIPE)
        wait_for(lambda: hears(run.pid))  # noqa: B023
        time.sleep(dice.uniform(0, WHOLE_RUN))
        run.send_signal(number)
        began = time.monotonic()
        _, said = run.communicate(timeout=60)
        if run.returncode in (0, 1):
            assert outputs(out) == outputs(world / "expected")
            continue
        ended += 1
        check_ending(run.returncode, number, said.decode(), time.monotonic() - began)
        check_results(world, out)
    assert ended
    done = flowcheck(*command(world, out, "--resume")[3:])
    assert done.returncode == 1, done.stderr
    assert outputs(out) == outputs(world / "expected")
    assert not (out / FOLDER).exists()
    tempfile.tempdir = None
    flowcheck(*command(world, out)[3:])
    assert [path.name for path in place.iterdir()] == []


HALF_MADE = """
import signal
from flowcheck.signals import Signals, Terminated

class Half:
    def __init__(self):
        signal.raise_signal(signal.SIGTERM)
        self.made = True

    def __del__(self):
        self.made

signals = Signals()
try:
    with signals.heard():
        Half()
except Terminated:
    print(signals.code)
"""


def test_what_a_signal_leaves_half_made_says_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", HALF_MADE], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("143\n", "")


def hears(pid: int) -> bool:
    """Whether it is up; before, a signal ends it as it does any process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (signal.SIGHUP - 1) & 1)
    return False


def check_ending(code: int, number: signal.Signals, said: str, seconds: float) -> None:
    if number == signal.SIGKILL:
        assert code == -number
        return
    assert code == 128 + number, said
    (line,) = said.splitlines()
    assert line.startswith(f"error: {ENDING[number]}; what was finished is kept")
    assert seconds < 10, "a second of work, on a busy machine"


def check_results(world: Path, out: Path) -> None:
    """Each result is whole or absent: they take their places within an instant, one after the other."""
    expected = world / "expected"
    for name in OUTPUTS:
        if (out / name).exists():
            assert (out / name).read_bytes() == (expected / name).read_bytes()
    if (out / "summary.json").exists():
        json.loads((out / "summary.json").read_text())


def test_what_was_ignored_stays_ignored(world: Path, tmp_path: Path) -> None:
    """As under nohup."""
    words = ["nohup", *command(world, tmp_path / "out")]
    run = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1.5)
    run.send_signal(signal.SIGHUP)
    assert run.wait(60) == 1
    assert outputs(tmp_path / "out") == outputs(world / "expected")
