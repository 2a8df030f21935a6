"""Run every case in full, ``python -m tests.endurance``: minutes. Ends with 1 where one takes too much."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.endurance.cases import CASES, MOST, Case
from tests.endurance.measure import Held, run


def audit(case: Case, folder: Path) -> Held:
    """``FLOWCHECK_CACHE_DIR`` must hold the kernels, and no program of such a cluster."""
    case.make(folder)
    flows, cluster = str(folder / "flows"), str(folder / "cluster.yaml")
    command = [sys.executable, "-m", "flowcheck", "audit", flows, "--cluster", cluster, "-q"]
    return run([*command, "-o", str(folder / "out"), *case.options])


def faults(case: Case, held: Held) -> list[str]:
    """What is wrong, in words."""
    found = []
    if held.code != case.code or case.says not in held.error:
        found.append(f"ended with {held.code}: {held.error.strip()[-300:]}")
    took = held.together if case.together else held.largest
    if took > MOST:
        found.append(f"took {took >> 20} MiB of {MOST >> 20}")
    return found


def main() -> int:
    bad = 0
    with tempfile.TemporaryDirectory(prefix="flowcheck-endurance-") as kernels:
        os.environ["FLOWCHECK_CACHE_DIR"] = kernels
        subprocess.run([sys.executable, "-m", "flowcheck", "warmup"], check=True, capture_output=True)
        for case in CASES:
            with tempfile.TemporaryDirectory(prefix="flowcheck-endurance-") as folder:
                held = audit(case, Path(folder))
            bad += tell(case, held)
    return int(bad > 0)


def tell(case: Case, held: Held) -> bool:
    """Whether something is wrong, which it says."""
    wrong = faults(case, held)
    amounts = f"{held.together >> 20} MiB together, {held.largest >> 20} MiB the largest process"
    line = f"{case.name}: {amounts}, {held.seconds:.0f} s"
    sys.stdout.write(f"{line}: {'; '.join(wrong)}\n" if wrong else f"{line}\n")
    sys.stdout.flush()
    return bool(wrong)


if __name__ == "__main__":
    raise SystemExit(main())
