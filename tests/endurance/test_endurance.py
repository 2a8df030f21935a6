"""The measuring itself, and one case in full; ``make endure`` runs all."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.endurance.__main__ import audit, faults
from tests.endurance.cases import CASES, MOST, Case
from tests.endurance.measure import Held, run

HOLD = (
    "import subprocess, sys; held = bytearray(50 << 20); subprocess.run([sys.executable, '-c', sys.argv[1]])"
)


def test_what_processes_hold_is_added_up() -> None:
    held = run([sys.executable, "-c", HOLD, "import time; held = bytearray(70 << 20); time.sleep(0.5)"])
    assert held.code == 0
    assert 70 << 20 < held.largest < 110 << 20
    assert 120 << 20 < held.together < 200 << 20


def test_what_takes_too_much_or_ends_otherwise_is_a_fault() -> None:
    case = Case("any", Path.mkdir, code=2, says="refused")
    assert faults(case, Held(2, MOST, MOST, 1.0, "it was refused")) == []
    assert len(faults(case, Held(2, MOST + 1, 9, 1.0, "it was refused"))) == 1
    assert faults(case._replace(together=False), Held(2, MOST + 1, MOST, 1.0, "it was refused")) == []
    assert len(faults(case, Held(0, 9, 9, 1.0, "refused"))) == 1
    assert len(faults(case, Held(2, 9, 9, 1.0, "killed"))) == 1


def test_all_pairs_of_300_pods_stay_within_what_is_promised(tmp_path: Path) -> None:
    (case,) = [one for one in CASES if one.name == "300 x 300 pods without owners"]
    assert faults(case, audit(case, tmp_path)) == []
