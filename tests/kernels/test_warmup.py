"""Every kernel runs on what the warm-up gives it; with bounds checks, also inside of it. Nothing is left to
compile after it."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from numba.core.dispatcher import Dispatcher

from flowcheck import kernels
from flowcheck.kernels.warmup import PARTS, warmup

ROOT = Path(__file__).parents[2]
COMPARED = """
import sys
from pathlib import Path
from flowcheck.kernels.warmup import warmup
from tests.kernels.everything import audit_everything
from tests.kernels.test_warmup import compiled

warmup()
before = compiled()
audit_everything(Path(sys.argv[1]))
after = compiled()
print(len(after), {name: found for name, found in after.items() if found != before[name]})
"""


def compiled() -> dict[str, list[tuple[object, ...]]]:
    """The signatures that every kernel is compiled for, by module and name."""
    modules = [
        import_module(found.name) for found in pkgutil.walk_packages(kernels.__path__, "flowcheck.kernels.")
    ]
    return {
        f"{module.__name__}.{name}": list(value.signatures)
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, Dispatcher) and value.__module__ == module.__name__
    }


def test_the_warm_up_may_be_run_twice() -> None:
    warmup()
    warmup()


def test_the_warm_up_says_what_it_is_at_before_it_does_it() -> None:
    told: list[tuple[str, int, int]] = []
    warmup(lambda *words: told.append(words))
    assert told == [(part, number, len(PARTS)) for number, part in enumerate(PARTS, 1)]


@pytest.mark.skipif(bool(os.environ.get("NUMBA_DISABLE_JIT")), reason="nothing is compiled")
def test_after_the_warm_up_an_audit_compiles_nothing(tmp_path: Path) -> None:
    """In a process of its own: here other tests may have called kernels with other types."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", COMPARED, str(tmp_path)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    count, _, new = done.stdout.strip().partition(" ")
    assert int(count) > 50
    assert new == "{}"
