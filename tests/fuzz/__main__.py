"""Fuzz: ``python -m tests.fuzz --seconds 600 --seed 1 [TARGET...]``, which ``make fuzz`` runs.

Each target gets so many seconds, one after another, and a line of what came out; ends with 1 where one
failed. The examples are hypothesis's own. Where atheris is installed, which is none of the locked packages,
the same targets can be driven by what they cover: ``--engine atheris TARGET``; without it that is said, and
nothing is run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

HEAD = "| target | examples | s | slowest, ms | memory, MiB | what came out |\n|---|---|---|---|---|---|"


def main(words: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(words)
    if asked.engine == "atheris":
        return _by_coverage(asked.targets, asked.seconds, asked.seed)
    from tests.fuzz.every import BY_NAME
    from tests.fuzz.target import run

    if unknown := [name for name in asked.targets if name not in BY_NAME]:
        _say(f"there is no target {unknown[0]!r}; there are {', '.join(BY_NAME)}")
        return 2
    _say(HEAD)
    outcomes = []
    for name in asked.targets or BY_NAME:
        outcomes.append(run(BY_NAME[name], asked.seconds, asked.seed))
        _say(outcomes[-1].row())
    failed = [one for one in outcomes if one.failure]
    n = sum(one.examples for one in outcomes)
    _say(f"\n{len(outcomes)} targets, {n:,} examples, seed {asked.seed}: {len(failed)} failed")
    for one in failed:
        _say(f"\n{one.failure}")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzz what reads inputs.")
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--seconds", type=float, default=600, help="for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=["hypothesis", "atheris"], default="hypothesis")
    return parser


def _by_coverage(names: Sequence[str], seconds: float, seed: int) -> int:
    """One target, as atheris ends the process after it. What it is to watch is imported under its eyes."""
    if find_spec("atheris") is None:
        _say("atheris is not installed (pip install atheris): nothing was run")
        return 0
    atheris = import_module("atheris")
    with atheris.instrument_imports(include=["flowcheck"]):
        from tests.fuzz.every import BY_NAME
    from tests.fuzz.target import Watch, tested

    if len(names) != 1 or names[0] not in BY_NAME:
        _say(f"name one target of: {', '.join(BY_NAME)}")
        return 2
    target = BY_NAME[names[0]]
    test = tested(target, Watch(target), f"{target.name} {seed}")
    limits = [f"-max_total_time={seconds:.0f}", f"-seed={seed}"]
    atheris.Setup([sys.argv[0], *limits], test.hypothesis.fuzz_one_input)  # type: ignore[attr-defined]
    atheris.Fuzz()
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
