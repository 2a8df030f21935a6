"""-o s3://...: results are made in a temporary folder, and put into the store when they are whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from flowcheck.stores.uri import StorePath
from flowcheck.temporary import temporary_folder

Placed = Callable[[], Path | StorePath | None]


@contextmanager
def local_results(given: dict[str, Any], last: Sequence[str] = ()) -> Iterator[tuple[dict[str, Any], Placed]]:
    """The options with a local folder for results, and what puts them where they were asked for and says
    where that is. ``last``: the files that tell that a result is whole, in the order they are put; none: as
    audits have them.

    **Raises**: RunError where a store has a result there already; OutputError.
    """
    out = given["out"]
    if not isinstance(out, StorePath):
        yield given, lambda: out
        return
    if given.get("resume"):
        raise click.UsageError(
            "--resume needs -o to be a folder: what a run had done before lies in it, and in no store"
        )
    from flowcheck.flows.files.finding import DIFF, MANIFEST, RESULTS_MARK, SUMMARY
    from flowcheck.stores.putting import put_all, refuse_taken

    final = last or (SUMMARY, DIFF, MANIFEST)
    refuse_taken(out, final)
    with temporary_folder() as folder:
        results = folder / "results"
        results.mkdir(mode=0o700)

        def place() -> StorePath:
            names = [RESULTS_MARK] if (results / RESULTS_MARK).exists() else []
            names += sorted(one.name for one in results.iterdir() if one.is_file() and one.name not in names)
            put_all(results, names, out, final)
            return out

        yield {**given, "out": results}, place
