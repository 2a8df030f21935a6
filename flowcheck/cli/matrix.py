"""flowcheck matrix: load the cluster, ask every pair by every port, show who may reach whom."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowcheck.cli.audit import check_inputs
from flowcheck.cli.exits import Exit
from flowcheck.cli.explain import Port, PortType
from flowcheck.cli.flows.clusters import after_the_last, enforced
from flowcheck.cli.words.clusters import CLUSTER, NO_POLICIES
from flowcheck.cli.words.engine import ENGINE
from flowcheck.cli.words.options import CONTEXT, RANGES, SPEECH, messages, options
from flowcheck.cli.words.reports import shown_as
from flowcheck.cli.words.values import InputPath, Moment, Report
from flowcheck.errors import RunError
from flowcheck.reports import FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowcheck.compile import Program
    from flowcheck.reach.compared import Difference
    from flowcheck.reach.matrix import Isolated, Matrix

MOST_DRAWN = 250
"""Rows or columns that a picture has room for."""
SUBJECTS = {"difference": "against", "isolation": "isolated"}
"""Reports beside the matrix itself, and the option that asks for each."""
OPTIONS = {"difference": "against", "isolation": "isolated", "matrix": "format"}
ENDS = "a namespace, NS/WORKLOAD, NS/KIND/NAME, NS/POD, labels (app=web), an address, a CIDR, or internet"


@click.command("matrix", context_settings=CONTEXT)
@options(CLUSTER, NO_POLICIES)
@click.option("--from", "src", multiple=True, help=f"Only these as sources: {ENDS}. Repeatable.")
@click.option("--to", "dst", multiple=True, help="Only these as destinations, likewise. Repeatable.")
@click.option("--port", type=PortType(), help="This port only: 443, 53/udp, icmp.  [default: all]")
@click.option("--nodes", is_flag=True, help="All nodes, with the pods on their network, as one more.")
@click.option(
    "--isolated", is_flag=True, help="Only list workloads that nobody may reach, or that may reach nobody."
)
@click.option("--exposed-to-internet", "exposed", is_flag=True, help="Only what addresses outside may reach.")
@click.option(
    "--against",
    multiple=True,
    type=InputPath(),
    help="What changed from this cluster, given as --cluster is, to that of --cluster. Repeatable.",
)
@click.option("--fail-on-difference", is_flag=True, help="End with 1 where --against finds any.")
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.parquet",
    help="Every pair and stretch of ports as Parquet.",
)
@options(shown_as("matrix", "terminal, json, csv, dot (Graphviz), mermaid or svg"))
@click.option(
    "--at", type=Moment(), help="The instant to show, where the cluster changed.  [default: the latest]"
)
@options(RANGES, ENGINE, SPEECH)
@click.pass_context
def command(context: click.Context, /, **given: Any) -> int:
    """Show who may reach whom by which ports, by the policies alone: between all workloads, and the blocks of
    addresses outside that the policies tell apart.

    \b
    flowcheck matrix --cluster cluster.json
    flowcheck matrix --cluster cluster.json --from shop --to payments/ledger-db --port 5432
    flowcheck matrix --cluster cluster.json --exposed-to-internet
    flowcheck matrix --cluster new/ --against old/ --fail-on-difference
    flowcheck matrix --cluster cluster.json -f svg=matrix.svg -o matrix.parquet

    A workload is all of its pods; where these differ, it says so. A matrix is not a check: the exit code is 0
    whatever it shows, 1 with --fail-on-difference, and 3 where documents, or policies that may be in force,
    were left out of it.
    """
    from flowcheck.cli.words.output import check_file, check_reports
    from flowcheck.reach.build import Wanted, at_one_time, build, one_port
    from flowcheck.reach.compared import compare

    subject = _subject(given)
    check_reports(given["formats"])
    check_file(given["out"])
    port: Port | None = given["port"]
    only = None if port is None else one_port(port.protocol, port.number)
    wanted = Wanted(given["src"], given["dst"], only, given["nodes"], given["at"])
    program = _compiled(context, given)
    if subject == "difference":
        other = _compiled(
            context, {**given, "cluster": given["against"], "policies": (), "replace_policies": False}
        )
        found = compare(at_one_time(other, given["at"]), at_one_time(program, given["at"]), wanted)
        _write(subject, found, given)
        if _is_incomplete(program) or _is_incomplete(other):
            return Exit.INCOMPLETE
        return Exit.VIOLATIONS if found.changes and given["fail_on_difference"] else Exit.CLEAN
    matrix = build(at_one_time(program, given["at"]), wanted)
    matrix = matrix.exposed() if given["exposed"] else matrix
    _refuse_to_draw(matrix, given["formats"])
    if given["out"] is not None:
        _write_parquet(matrix, given["out"])
    _write(subject, matrix.isolated() if subject == "isolation" else matrix, given)
    return Exit.INCOMPLETE if _is_incomplete(program) else Exit.CLEAN


def _subject(given: dict[str, Any]) -> str:
    """Which reports are asked for; refuses what cannot be meant together."""
    check_inputs(given)
    asked = [name for name, option in SUBJECTS.items() if given[option]]
    if len(asked) > 1 or (asked and given["exposed"]):
        raise click.UsageError("--isolated, --exposed-to-internet and --against are asked one at a time")
    if given["fail_on_difference"] and not given["against"]:
        raise click.UsageError("--fail-on-difference needs --against")
    if given["exposed"] and given["src"]:
        raise click.UsageError("--exposed-to-internet is from every block outside; leave out --from")
    subject = asked[0] if asked else "matrix"
    if subject != "matrix" and given["out"] is not None:
        raise click.UsageError(
            f"-o writes a whole matrix; leave out --{OPTIONS[subject]}, or write -f csv=FILE"
        )
    if given["out"] is not None and given["out"].suffix != ".parquet":
        raise click.UsageError(f"-o {given['out']}: the name of a Parquet file ends in .parquet")
    for report in given["formats"]:
        if report.format not in FORMATS[subject]:
            there_are = ", ".join(FORMATS[subject])
            raise click.UsageError(f"--{OPTIONS[subject]} has no format {report.format}; it has {there_are}")
    return subject


def _compiled(context: click.Context, given: dict[str, Any]) -> Program:
    """The program of a cluster, after all that there is to say of it."""
    from flowcheck.compile import compile_program
    from flowcheck.engines.profiles import view_of

    judged = enforced(given)
    messages(context).of_cluster(judged.cluster.warnings, judged.cluster.refused)
    messages(context).warnings([*after_the_last(judged.cluster, given["at"])])
    messages(context).warnings([f"incomplete: {one}" for one in view_of(judged.cluster).doubts])
    return compile_program(judged.cluster, judged.options)


def _is_incomplete(program: Program) -> bool:
    """Whether documents, or policies that may be in force, were left out."""
    from flowcheck.engines.profiles import view_of

    cluster = program.cluster
    assert cluster is not None
    return bool(cluster.refused) or bool(view_of(cluster).doubts)


def _refuse_to_draw(matrix: Matrix, formats: Sequence[Report]) -> None:
    most = max(len(matrix.sources), len(matrix.destinations))
    if most > MOST_DRAWN and any(report.format == "svg" for report in formats):
        raise RunError(
            f"a picture has room for {MOST_DRAWN} rows and columns, not for {most:,}",
            hint="choose with --from and --to, as by namespace",
        )


def _write_parquet(matrix: Matrix, file: Path) -> None:
    from flowcheck.reach.tables import write_parquet
    from flowcheck.writing import atomic_write

    atomic_write(file, lambda stream: write_parquet(matrix, stream))


def _write(subject: str, result: Matrix | Isolated | Difference, given: dict[str, Any]) -> None:
    from flowcheck.cli.words.output import write_reports

    write_reports(subject, result, given["formats"], given["color"])
