"""Generate a cluster, policies and flows of a named size; or flows over given manifests.

    python -m benchmarks.generate medium DIR [--addresses strings|ints] [--flows N] [--seed S]
    python -m benchmarks.generate tiny DIR --cluster manifests/

DIR gets ``cluster/`` (not with --cluster), ``flows/`` and, when all is written, ``world.json``.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from benchmarks.inputs import manifests, named, records, world
from benchmarks.inputs.sizes import GENERATED, SIZES, Size

SEED = 1


def generate(size: Size, directory: Path, addresses: records.Addresses, n_flows: int, seed: int) -> None:
    """Write the world of this size and seed with ``n_flows`` records into ``directory``."""
    planned = world.build(size, seed)
    manifests.write(planned, directory / "cluster")
    n_files = size.n_files if n_flows <= size.n_flows else -(-n_flows * size.n_files // size.n_flows)
    records.write(planned, directory / "flows", n_flows, n_files, addresses)
    facts = {"size": size.name, "addresses": addresses, "flows": n_flows, "seed": seed}
    (directory / "world.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")


def ready(size: Size, addresses: records.Addresses, n_flows: int, seed: int = SEED) -> Path:
    """The folder of such a world under data/generated/, made if it is not there yet."""
    directory = GENERATED / f"{size.name}-{addresses}-{n_flows}-{seed}"
    GENERATED.mkdir(parents=True, exist_ok=True)
    (GENERATED / ".gitignore").write_text("*\n", encoding="utf-8")
    if not (directory / "world.json").exists():
        generate(size, directory, addresses, n_flows, seed)
    return directory


@click.command()
@click.argument("size", type=click.Choice(list(SIZES)))
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--addresses", type=click.Choice(["strings", "ints"]), default="strings", show_default=True)
@click.option("--flows", "n_flows", type=click.IntRange(min=1), help="Flow records.  [default: the size's]")
@click.option("--seed", type=int, default=SEED, show_default=True)
@click.option(
    "--cluster", "paths", multiple=True, type=click.Path(exists=True), help="Flows over these manifests."
)
def main(
    size: str,
    directory: Path,
    addresses: records.Addresses,
    n_flows: int | None,
    seed: int,
    paths: tuple[str, ...],
) -> None:
    """Write a cluster of SIZE and its flows into DIRECTORY."""
    began = time.perf_counter()
    n_flows = n_flows or SIZES[size].n_flows
    if paths:
        from flowcheck.reading import load_cluster  # noqa: PLC0415 (not needed for a world of our own)

        named.write(load_cluster(list(paths)), directory / "flows", n_flows, seed)
    else:
        generate(SIZES[size], directory, addresses, n_flows, seed)
    click.echo(f"{n_flows:,} flows in {directory}, {time.perf_counter() - began:.1f} s", err=True)


if __name__ == "__main__":
    main()
