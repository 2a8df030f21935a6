"""``flowcheck diff`` against ``flowcheck audit`` of the same rows, in turn, as a busy machine is so for both:

    python -m benchmarks.comparing [--size small] [--flows 2000000] [--runs 5] [--cold]

The other policies are the same with some left out and some ports changed, by seed. Both write no files.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
from pathlib import Path

import click

from benchmarks.generate import SEED, ready
from benchmarks.inputs.sizes import SIZES
from benchmarks.measure import Measurement, compared, measure
from flowcheck.kernels.cached.folder import cache_directory
from flowcheck.runners.program.kept import FOLDER

LEFT_OUT, CHANGED, OTHER_PORT = 0.03, 0.05, 9


def changed_policies(cluster: Path, seed: int) -> dict[str, object]:
    """A List of a generated world's policies, some otherwise."""
    dice = random.Random(seed)
    policies = json.loads((cluster / "policies.json").read_text())["items"]
    kept = [policy for policy in policies if dice.random() >= LEFT_OUT]
    for policy in kept:
        for direction in ("ingress", "egress"):
            for rule in policy["spec"].get(direction, ()):
                for port in rule.get("ports", ()):
                    if dice.random() < CHANGED:
                        port["port"] = OTHER_PORT
    return {"apiVersion": "v1", "kind": "List", "items": kept}


def timed(words: list[str], *, cold: bool) -> Measurement:
    """One run; ``cold``: of programs that no run before has kept."""
    kept = cache_directory()
    if cold and kept is not None:
        shutil.rmtree(kept / FOLDER, ignore_errors=True)
    return measure([sys.executable, "-m", "flowcheck", *words, "-q"], memory=False)


@click.command()
@click.option("--size", type=click.Choice(list(SIZES)), default="small", show_default=True)
@click.option("--flows", "n_flows", type=click.IntRange(min=1), default=2_000_000, show_default=True)
@click.option("--runs", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--cold", is_flag=True, help="Compile the policies anew each time.")
def main(size: str, n_flows: int, runs: int, cold: bool) -> None:
    """Time both in turn; say how many times an audit's time a comparison takes."""
    world = ready(SIZES[size], "strings", n_flows)
    with tempfile.TemporaryDirectory(prefix="flowcheck-bench-") as scratch:
        new = Path(scratch, "new.json")
        new.write_text(json.dumps(changed_policies(world / "cluster", SEED)))
        inputs = [str(world / "flows"), "--cluster", str(world / "cluster")]
        audit = ["audit", *inputs, "--exit-zero"]
        diff = ["diff", *inputs, "--policies", str(new), "--fail-on", "none"]
        for words in (audit, diff):
            timed(words, cold=cold)
        pairs = [(timed(audit, cold=cold), timed(diff, cold=cold)) for _ in range(runs)]
    for unit in ("cpu_s", "wall_s"):
        click.echo(compared("audit", "diff", pairs, unit))


if __name__ == "__main__":
    main()
