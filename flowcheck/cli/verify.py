"""flowcheck verify: read a result folder again and say whether it still is what an audit wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from flowcheck.cli.exits import Exit
from flowcheck.cli.words.options import CONTEXT, SPEECH, options
from flowcheck.cli.words.reports import shown_as


@click.command("verify", context_settings=CONTEXT)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--inputs", is_flag=True, help="Read the inputs of the audit again, too: flows and cluster.")
@options(shown_as("verification"), SPEECH)
def command(**given: Any) -> int:
    """Read the result in DIR, which an audit wrote (-o), and hold all that it says against the rest of it.

    \b
    flowcheck verify result
    flowcheck verify result --inputs

    Hashes of all files, sums across them, and the ledger's account of every row. Ends with 3 where anything
    differs. Whoever may write to the folder can make all of it agree again: nothing in it is signed.
    """
    from flowcheck.cli.words.output import check_reports, write_reports
    from flowcheck.runners.verifying.verify import verify

    check_reports(given["formats"])
    found = verify(given["folder"], inputs=given["inputs"])
    write_reports("verification", found, given["formats"], given["color"])
    return Exit.CLEAN if found.holds else Exit.INCOMPLETE
