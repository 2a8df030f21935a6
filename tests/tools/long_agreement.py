"""A long search for disagreements: ``python -m tests.tools.long_agreement 100000``.

Draws that many random worlds without admin tiers, as many with, and as many that change over time, on two
processes, in chunks of fixed seeds, and compares the compiled path with the reference in every answer to
every flow. A disagreement is shrunk and printed with its seed; ``--first-seed`` explores elsewhere. Exits
with 1 where there is one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

from hypothesis import HealthCheck, given, seed, settings

from tests.agreement.agree import World, disagreements
from tests.agreement.strategies import worlds
from tests.agreement.timeline_strategies import timelines

CHUNK = 500
KINDS = {"network policies": worlds(admin=False), "all tiers": worlds(admin=True), "timelines": timelines()}


class Chunk(NamedTuple):
    seed: int
    kind: str
    worlds: int


class Outcome(NamedTuple):
    """``trouble`` is empty, or the shrunken disagreement as text."""

    chunk: Chunk
    worlds: int
    flows: int
    trouble: str


def chunks(worlds_of_each: int, first_seed: int) -> Iterator[Chunk]:
    for number, start in enumerate(range(0, worlds_of_each, CHUNK)):
        for kind in KINDS:
            yield Chunk(first_seed + number, kind, min(CHUNK, worlds_of_each - start))


def search(chunk: Chunk) -> Outcome:
    """Compare on one chunk of worlds. Worlds and flows tried while shrinking are not counted."""
    counted = {"worlds": 0, "flows": 0}
    shrinking = False

    @seed(chunk.seed)
    @settings(
        max_examples=chunk.worlds, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(KINDS[chunk.kind])
    def compare(world: World) -> None:
        nonlocal shrinking
        if not shrinking:
            counted["worlds"] += 1
            counted["flows"] += len(world[2])
        found = disagreements(world)
        shrinking |= bool(found)
        assert not found, f"{found[0]}\n{world[1]}\n{world[0]}"

    trouble = ""
    try:
        compare()
    except AssertionError as error:
        trouble = str(error)
    return Outcome(chunk, counted["worlds"], counted["flows"], trouble)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.tools.long_agreement", description=__doc__)
    parser.add_argument("worlds", nargs="?", type=int, default=100_000, help="of each kind")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    given_ = parser.parse_args(arguments)
    started = time.monotonic()
    n_worlds = n_flows = n_troubles = 0
    with ProcessPoolExecutor(given_.processes, mp_context=get_context("spawn")) as pool:
        for outcome in pool.map(search, chunks(given_.worlds, given_.first_seed)):
            n_worlds += outcome.worlds
            n_flows += outcome.flows
            if outcome.trouble:
                n_troubles += 1
                sys.stdout.write(f"{outcome.chunk}:\n{outcome.trouble}\n\n")
    seconds = time.monotonic() - started
    sys.stdout.write(
        f"{n_worlds} worlds, {n_flows} flows, {seconds:.0f} seconds, {n_troubles} chunks that disagree\n"
    )
    return int(n_troubles > 0)


if __name__ == "__main__":
    raise SystemExit(main())
