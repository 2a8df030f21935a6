"""flowcheck query: SQL over a result folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from flowcheck.cli.exits import Exit
from flowcheck.cli.words.options import CONTEXT, SPEECH, options
from flowcheck.cli.words.values import Report, ReportType


@click.command("query", context_settings=CONTEXT)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("sql", metavar="SQL")
@click.option(
    "-f",
    "--format",
    "formats",
    default=Report("terminal"),
    type=ReportType("answer"),
    help="terminal, csv, json or jsonl; =FILE writes there instead of standard output.  [default: terminal]",
)
@options(SPEECH)
def command(**given: Any) -> int:
    """Ask a question in SQL about the result in DIR, which an audit wrote (-o).

    \b
    flowcheck query result "SELECT source, destination, port, records FROM findings LIMIT 5"
    flowcheck query result "SELECT src, count(*) AS n FROM violations GROUP BY ALL ORDER BY n DESC"
    flowcheck query result "DESCRIBE edges"

    Tables: findings, violations, edges, policy_hits, services, load, ledger; their columns are those of the
    files. DuckDB answers (pip install 'flowcheck[query]'); it sees these tables and no other file. A
    terminal shows the first 100 rows.
    """
    from flowcheck.cli.words.output import check_reports, write_reports
    from flowcheck.runners.verifying.querying import query

    reports = [given["formats"]]
    check_reports(reports)
    with query(given["folder"], given["sql"]) as answer:
        write_reports("answer", answer, reports, given["color"])
    return Exit.CLEAN
