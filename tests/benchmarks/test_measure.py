"""The clock sees the whole process tree, and says when a program failed."""

from __future__ import annotations

import sys

import pytest

from benchmarks.bars import spread
from benchmarks.measure import measure

CHILD_HOLDS_MEMORY = (
    "import subprocess, sys; subprocess.run([sys.executable, '-c', "
    "'import time; b = bytearray(200 << 20); time.sleep(0.5)'], check=True)"
)


def test_memory_of_children_counts() -> None:
    done = measure([sys.executable, "-c", CHILD_HOLDS_MEMORY])
    assert done.peak_bytes > 200 << 20
    assert done.wall_s >= 0.5


def test_a_failing_program_is_an_error_with_its_words() -> None:
    with pytest.raises(RuntimeError, match="no such thing"):
        measure([sys.executable, "-c", "raise SystemExit('no such thing')"])


def test_spread_is_median_least_greatest() -> None:
    assert spread([3.0, 1.0, 2.0]) == "2.00 (1.00 to 3.00)"
