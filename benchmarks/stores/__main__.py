"""An audit of objects against one of the same files on disk, in turn, as a busy machine is so for both:

    python -m benchmarks.stores [--size small] [--flows 5000000] [--runs 5] [--delay 0]

The server is one of files on loopback, which takes the processors that the audit has; its answers are
compared first. ``--delay``: milliseconds before each answer, as of a store that is further off.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from benchmarks.generate import ready
from benchmarks.inputs.sizes import SIZES
from benchmarks.measure import Measurement, compared, measure

KEYS = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_REGION": "us-east-1"}


@contextmanager
def served(folder: Path, delay: int) -> Iterator[str]:
    """The folder as a bucket; where it is."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "benchmarks.stores.server", str(folder), str(port), str(delay)]
    process = subprocess.Popen(command)
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def counts(endpoint: str) -> tuple[int, int]:
    """Requests so far, without this one, and bytes of objects."""
    with urllib.request.urlopen(f"{endpoint}/?counts=1") as answer:
        requests, n_bytes = answer.read().split()
    return int(requests) - 1, int(n_bytes)


def timed(words: list[str], endpoint: str) -> Measurement:
    environment = {**os.environ, **KEYS, "FLOWCHECK_ENDPOINT": endpoint}
    return measure([sys.executable, "-m", "flowcheck", *words, "-q"], environment, memory=False)


@click.command()
@click.option("--size", type=click.Choice(list(SIZES)), default="small", show_default=True)
@click.option("--flows", "n_flows", type=click.IntRange(min=1), default=5_000_000, show_default=True)
@click.option("--runs", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--delay", type=click.IntRange(min=0), default=0, show_default=True)
def main(size: str, n_flows: int, runs: int, delay: int) -> None:
    """Time both in turn; say how many times an audit of files one of objects takes."""
    world = ready(SIZES[size], "strings", n_flows)
    with served(world, delay) as endpoint:
        more = ["--exit-zero", "-f", "csv"]
        disk = ["audit", str(world / "flows"), "--cluster", str(world / "cluster"), *more]
        store = ["audit", "s3://bench/flows", "--cluster", "s3://bench/cluster", *more]
        first = [timed(words, endpoint).output for words in (disk, store)]
        names = f"{world}/", "s3://bench/"
        if first[0].replace(names[0], "") != first[1].replace(names[1], ""):
            raise SystemExit("the answers differ")
        before = counts(endpoint)
        pairs = [(timed(disk, endpoint), timed(store, endpoint)) for _ in range(runs)]
        requests, n_bytes = ((now - was) // runs for now, was in zip(counts(endpoint), before, strict=True))
    size_of = sum(file.stat().st_size for file in (world / "flows").iterdir())
    click.echo(f"{requests} requests and {n_bytes / 1e6:.0f} MB a run; flows are {size_of / 1e6:.0f} MB")
    for unit in ("wall_s", "cpu_s"):
        click.echo(compared("disk", "store", pairs, unit))


if __name__ == "__main__":
    main()
