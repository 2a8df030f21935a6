"""How long nothing takes: ``--help``, ``--version``, and importing, each as a process of its own.

python -m benchmarks.bench_startup [--runs 20]
"""

from __future__ import annotations

import sys

import click

from benchmarks import report
from benchmarks.measure import measure, session

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "flowcheck --help": ["-m", "flowcheck", "--help"],
    "flowcheck --version": ["-m", "flowcheck", "--version"],
    "import flowcheck": ["-c", "import flowcheck"],
    "import flowcheck.evaluate (warm cache)": ["-c", "import flowcheck; flowcheck.evaluate"],
}


@click.command()
@click.option("--runs", type=click.IntRange(min=1), default=20, show_default=True)
def main(runs: int) -> None:
    """Time them in turn."""
    record = {
        "benchmark": "startup",
        "unit": "s",
        **session(),
        "runs": {name: [] for name in COMMANDS},
    }
    for command in COMMANDS.values():  # once before the clock: bytecode and kernels into their caches
        measure([sys.executable, *command])
    for _ in range(runs):
        for name, command in COMMANDS.items():
            record["runs"][name].append(measure([sys.executable, *command]).wall_s)
    report.save(record)
    report.write()
    for name, values in record["runs"].items():
        click.echo(f"{name}: {report.spread(values, 3)} s")


if __name__ == "__main__":
    main()
