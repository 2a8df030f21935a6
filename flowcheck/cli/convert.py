"""flowcheck convert: read flow logs, write one file of canonical Parquet, and tell what became of each
record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowcheck.cli.exits import Exit
from flowcheck.cli.flows.standard_input import with_standard_input
from flowcheck.cli.words.logs import LOGS, asked
from flowcheck.cli.words.options import CONTEXT, PATIENCE, SPEECH, messages, options
from flowcheck.cli.words.stores import STORES, LocalFile
from flowcheck.cli.words.values import InputPath
from flowcheck.counted import counted

if TYPE_CHECKING:
    from flowcheck.flows.logs.converted import Conversion, Reason
    from flowcheck.runners.converting import ConvertedFile


@click.command("convert", context_settings=CONTEXT)
@click.argument("flows", nargs=-1, required=True, type=InputPath())
@click.option(
    "-o",
    "--out",
    required=True,
    type=LocalFile(),
    help="The Parquet file to write.",
)
@click.option(
    "--ledger",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what became of every file and record there, as JSON.",
)
@options(STORES, LOGS)
@click.option("--jobs", type=click.IntRange(min=1), help="Worker processes.  [default: all cores]")
@options(PATIENCE, SPEECH)
@click.pass_context
def command(context: click.Context, /, **given: Any) -> int:
    """Turn flow logs into canonical Parquet, which audit reads faster than the logs.

    \b
    flowcheck convert hubble/ -o flows.parquet
    zcat export.gz | flowcheck convert - --from aws -o flows.parquet

    FLOWS are files, folders or globs; - is standard input. Every record becomes a row, or is merged, left out
    or rejected with a reason. Ends with 3 where records were rejected or a file could not be read.
    """
    from flowcheck.runners.converting import ledger_of, run_convert
    from flowcheck.writing import atomic_write, json_text

    speech = messages(context)
    with with_standard_input(given["flows"]) as flows:
        patience = given["give_up_after"].total_seconds()
        files = run_convert(flows, asked(given), given["out"], jobs=given["jobs"], patience=patience)
    if given["ledger"]:
        text = json_text(ledger_of(files), indent=2) + "\n"
        atomic_write(given["ledger"], partial(_write, text))
    complete = True
    for file in files:
        if file.conversion is None:
            complete &= bool(file.input.skipped) and not file.input.failed
            speech.warning(f"{file.input.name}: not read: {file.failure}")
            continue
        complete &= not file.conversion.rejected
        speech.say(f"{file.input.name}: {_sentence(file.conversion)}")
        speech.warnings([f"{file.input.name}: {warning}" for warning in file.conversion.warnings])
        if file.conversion.unfit:
            speech.warning(f"{file.input.name}: no audit can judge it: {file.conversion.unfit}")
    speech.note(f"{counted(_rows(files), 'row')} in {given['out']}")
    return Exit.CLEAN if complete else Exit.INCOMPLETE


def _write(text: str, stream: Any) -> None:
    stream.write(text.encode())


def _rows(files: list[ConvertedFile]) -> int:
    return sum(file.conversion.rows for file in files if file.conversion)


def _sentence(found: Conversion) -> str:
    """``Cilium Hubble, because ...: 10 records: 8 rows, 1 merged, 1 left out (1 lost_events)``."""
    return (
        f"{found.title}, because {found.why}: {counted(found.records, 'record')}: {', '.join(_parts(found))}"
    )


def _parts(found: Conversion) -> Iterator[str]:
    yield counted(found.rows, "row")
    if found.merged:
        yield f"{found.merged:,} merged"
    for what, reasons in (("left out", found.left_out), ("rejected", found.rejected)):
        if reasons:
            counts = Counter({one.reason: one.records for one in reasons})
            listed = ", ".join(_reason(one) for one in reasons)
            yield f"{counts.total():,} {what} ({listed})"


def _reason(one: Reason) -> str:
    lines = ", ".join(str(position + 1) for position in one.first[:3])
    more = ", ..." if one.records > 3 and lines else ""
    return f"{one.records:,} {one.reason}{f': line {lines}{more}' if lines else ''}"
