"""flowcheck suggest: see who talks to whom, suggest the policies that allow it, hold them against the log."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from flowcheck.cli.exits import Exit
from flowcheck.cli.flows.clusters import policies_in, read_cluster
from flowcheck.cli.flows.standard_input import with_standard_input
from flowcheck.cli.words.clusters import CLUSTER, SNAPSHOT_TIME
from flowcheck.cli.words.engine import ENGINE
from flowcheck.cli.words.options import (
    CACHE,
    CONTEXT,
    JOBS,
    NOT_OF_RULES,
    RANGES,
    SELECTION,
    SPEECH,
    TIME,
    TOLERANCE,
    messages,
    options,
    progress_wanted,
)
from flowcheck.cli.words.reports import shown_as
from flowcheck.cli.words.values import InputPath, Moment, OutFolder
from flowcheck.suggesting.languages import LANGUAGES

if TYPE_CHECKING:
    from flowcheck.runners.suggesting.run import Suggested, SuggestRequest
    from flowcheck.suggesting.records import Suggestion

POLICIES, RECORD = "policies.yaml", "suggestion.json"


@click.command("suggest", context_settings=CONTEXT)
@click.argument("flows", nargs=-1, required=True, type=InputPath())
@options(CLUSTER, SNAPSHOT_TIME)
@click.option(
    "-o",
    "--out",
    required=True,
    type=OutFolder(),
    help=f"Folder, or s3://BUCKET/PREFIX, for {POLICIES}, to apply, and {RECORD}, with what was seen behind "
    "each rule.",
)
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default=LANGUAGES[0],
    show_default=True,
    help="Whose policies: NetworkPolicy, CiliumNetworkPolicy, or Calico's NetworkPolicy.",
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="As if there were no policies: these can take the place of all. Without it, what a policy allows "
    "already is not suggested again.",
)
@click.option(
    "--direction",
    type=click.Choice(["both", "ingress", "egress"]),
    default="both",
    show_default=True,
    help="Which to isolate.",
)
@click.option("--unseen", is_flag=True, help="Deny everything to workloads of which nothing was seen, too.")
@click.option(
    "--min-connections",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Leave out what was seen fewer times.",
)
@click.option(
    "--leave-out-denied",
    is_flag=True,
    help="Do not allow what policies deny today, though it went through.",
)
@click.option(
    "--common-prefix",
    type=click.IntRange(0, 32),
    metavar="BITS",
    help="Addresses outside that have so many bits in common become one block, of all that they have in "
    "common.  [default: only what was seen]",
)
@click.option("--common-prefix-v6", type=click.IntRange(0, 128), metavar="BITS", help="The same for IPv6.")
@click.option(
    "--train-until",
    "--holdout",
    "train_until",
    type=Moment(),
    help="Suggest by what began before this instant; hold the rest against it, and end with 1 where that "
    "would lose anything.",
)
@options(shown_as("suggestion"), SELECTION, RANGES, TIME, JOBS, TOLERANCE, CACHE, ENGINE, SPEECH)
@click.pass_context
def command(context: click.Context, /, **given: Any) -> int:
    """Suggest the least policies that allow what recorded FLOWS show and deny the rest, by workload.

    \b
    flowcheck suggest flows/ --cluster cluster.json -o suggested
    flowcheck suggest flows/ --cluster cluster.json -o suggested --language cilium --min-connections 2
    flowcheck suggest flows/ --cluster cluster.json -o suggested --train-until 2026-03-10T18:00:00Z

    What a log does not show is denied: look at the policies before you apply them. Ends with 1 where they
    would deny what went through: with --train-until in the rest of the log.
    """
    from flowcheck.cli.flows.results import local_results
    from flowcheck.cli.words.output import check_reports, write_reports
    from flowcheck.writing import output_errors

    check_reports(given["formats"])
    if given["train_until"] and given["until"] and given["until"] <= given["train_until"]:
        raise click.UsageError("--until is not after --train-until: nothing is left to hold against")
    with local_results(given, (RECORD, POLICIES)) as (asked_for, place):
        out: Path = asked_for["out"]
        with output_errors(out):
            out.mkdir(parents=True, exist_ok=True)
        made = _suggested(context, asked_for)
        _write(made, out)
        place()
    write_reports("suggestion", made.suggestion, given["formats"], given["color"])
    return _exit(made.suggestion)


def _suggested(context: click.Context, given: dict[str, Any]) -> Suggested:
    from flowcheck.cli.audit import check_inputs
    from flowcheck.cli.flows.progress import progress_bar
    from flowcheck.cli.flows.said import say
    from flowcheck.reports.suggestion.policies import documents
    from flowcheck.runners.suggesting.run import run_suggest

    check_inputs(given)
    cluster = read_cluster({**given, "policies": policies_in(given)}, given["at"])
    request = _request(given)
    bar = partial(progress_bar, progress_wanted(context, given["no_progress"]), given["color"])
    with with_standard_input(given["flows"]) as flows, bar() as progress:
        made = run_suggest(flows, cluster, request, documents, progress)
    say(made.judged, messages(context), asked_to_resume=False)
    return made


def _request(given: dict[str, Any]) -> SuggestRequest:
    from flowcheck.cli.audit import request_of
    from flowcheck.model.policy import Direction
    from flowcheck.runners.suggesting.run import SuggestRequest
    from flowcheck.suggesting.build import BOTH, Wanted

    chosen = given["direction"]
    wanted = Wanted(
        everything=given["everything"],
        directions=BOTH if chosen == "both" else (Direction(chosen),),
        unseen=given["unseen"],
        min_connections=given["min_connections"],
        common=(given["common_prefix"], given["common_prefix_v6"]),
        denied_too=not given["leave_out_denied"],
        namespaces=given["namespace"],
    )
    audit = request_of({**given, **NOT_OF_RULES, "allow_no_policies": True})
    return SuggestRequest(audit, given["language"], wanted, given["train_until"])


def _write(made: Suggested, out: Path) -> None:
    """The record first: it says what the policies are for."""
    from flowcheck.cli.words.output import write_text
    from flowcheck.reports.suggestion import json

    write_text(out / RECORD, partial(json.render, made.suggestion))

    def write(stream: TextIO) -> None:
        stream.write(made.text or "# Nothing is suggested.\n")

    write_text(out / POLICIES, write)


def _exit(suggestion: Suggestion) -> Exit:
    held = [one for one in (suggestion.check, suggestion.holdout) if one is not None]
    if not suggestion.complete or not all(one.complete for one in held if one.records):
        return Exit.INCOMPLETE
    loses = suggestion.holdout is not None and suggestion.holdout.denied_records
    return Exit.VIOLATIONS if loses or suggestion.unexplained else Exit.CLEAN
