"""flowcheck diff: judge the flows by two sets of policies at once, show which verdicts change."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from flowcheck.cli.exits import Exit
from flowcheck.cli.words.clusters import DOCUMENTS, NO_POLICIES, ONE_CLUSTER, SNAPSHOT_TIME
from flowcheck.cli.words.engine import ENGINE
from flowcheck.cli.words.options import (
    CONTEXT,
    RANGES,
    RUNNING,
    SELECTION,
    SPEECH,
    TIME,
    messages,
    options,
    progress_wanted,
)
from flowcheck.cli.words.reports import OUT, shown_as
from flowcheck.cli.words.values import InputPath
from flowcheck.counted import counted
from flowcheck.keywords import MOST_FINDINGS
from flowcheck.runners.alone import is_alone
from flowcheck.runners.process import start_early

if TYPE_CHECKING:
    from flowcheck.results.diff.result import DiffResult
    from flowcheck.results.records.diff import DiffSummary
    from flowcheck.runners.program.source import ClusterSource

NEW = {"policies": "--policies", "apply": "--apply", "new_cluster": "--new-cluster"}
"""The ways of saying what is new: the names that options have here, and on the command line."""

FAILING = {"stopped": ("would_be_stopped",), "unknown": ("would_be_stopped", "to_unknown")}
"""The kinds of change that make the exit code 1, by what --fail-on says."""


@click.command("diff", context_settings=CONTEXT)
@click.argument("flows", nargs=-1, required=True, type=InputPath())
@options(ONE_CLUSTER)
@click.option(
    "--policies",
    multiple=True,
    type=InputPath(),
    metavar="NEW",
    help="All policies as they would be: in the place of those of --cluster, whose other objects stay. "
    "Repeatable.",
)
@click.option(
    "--apply",
    multiple=True,
    type=InputPath(),
    metavar="NEW",
    help="Policies as kubectl apply would take them: in the place of those of the same name, beside all "
    "others. Repeatable.",
)
@click.option(
    "--new-cluster",
    multiple=True,
    type=InputPath(),
    metavar="NEW",
    help="Everything as it would be, given as --cluster is. Repeatable.",
)
@options(DOCUMENTS, NO_POLICIES, SNAPSHOT_TIME, OUT, shown_as("diff"))
@click.option(
    "--fail-on",
    type=click.Choice([*FAILING, "change", "none"]),
    default="stopped",
    show_default=True,
    help="What makes the exit code 1: something that went through would be stopped; that, or a verdict that "
    "becomes unknown; any other verdict.",
)
@click.option(
    "--max-changes",
    type=click.IntRange(min=1),
    default=MOST_FINDINGS,
    show_default=True,
    help="Changes that are listed; all are counted.",
)
@options(SELECTION, RANGES, TIME, RUNNING, ENGINE, SPEECH)
@click.pass_context
def command(context: click.Context, /, **given: Any) -> int:
    """Show which recorded FLOWS would be stopped, or let through, by other policies than a cluster's.

    \b
    flowcheck diff flows.parquet --cluster cluster.json --policies policies/
    flowcheck diff flows.parquet --cluster cluster.json --apply changed.yaml -f md=comment.md
    flowcheck diff flows.parquet --cluster old/ --new-cluster new/

    Every flow is judged by both in one pass. What is new is given in one of three ways: --policies, --apply
    or --new-cluster. The exit code is 1 where something that went through would be stopped.
    """
    from flowcheck.cli.audit import choose_cache
    from flowcheck.cli.flows.progress import progress_bar
    from flowcheck.cli.flows.results import local_results
    from flowcheck.cli.flows.standard_input import with_standard_input
    from flowcheck.cli.words.output import check_reports, write_reports

    _check(given)
    check_reports(given["formats"])
    choose_cache(given["no_cache"])
    if is_alone():
        start_early(cache=not given["no_cache"])
    before, after = _sources(given)
    if not given["no_cache"]:
        before.begin()
        after.begin()
    from flowcheck.runners.comparing.run import run_diff

    with (
        local_results(given) as (asked_for, place),
        with_standard_input(given["flows"]) as flows,
        progress_bar(progress_wanted(context, given["no_progress"]), given["color"]) as progress,
    ):
        result = run_diff(flows, before, after, _request(asked_for), progress)
        result = replace(result, out=place())
    _say(context, result, asked_to_resume=given["resume"])
    write_reports("diff", result, given["formats"], given["color"])
    return exit_code(result.summary, given["fail_on"])


def exit_code(summary: DiffSummary, fail_on: str) -> Exit:
    """Incomplete beats what was found."""
    if not summary.complete:
        return Exit.INCOMPLETE
    failing = summary.kinds if fail_on == "change" else FAILING.get(fail_on, ())
    return Exit.VIOLATIONS if any(summary.kinds[kind].records for kind in failing) else Exit.CLEAN


def _check(given: dict[str, Any]) -> None:
    """What cannot be meant together."""
    from flowcheck.cli.audit import check

    ways = [name for name in NEW if given[name]]
    if len(ways) != 1:
        raise click.UsageError(f"say what is new by one of {', '.join(NEW.values())}")
    paths = [*given["policies"], *given["apply"], *given["new_cluster"]]
    check({**given, "policies": paths, "replace_policies": False})
    if "-" in given["cluster"] and not given["new_cluster"]:
        raise click.UsageError("--cluster is read twice, which standard input cannot be: give a file")


def _sources(given: dict[str, Any]) -> tuple[ClusterSource, ClusterSource]:
    """What flows are judged by, before and after."""
    from flowcheck.cli.audit import load_cluster
    from flowcheck.cli.flows.clusters import refuse_skipped
    from flowcheck.cli.flows.together import Together
    from flowcheck.runners.program.source import ClusterSource

    make = partial(
        ClusterSource,
        keep_going=given["keep_going"],
        at=given["at"],
        inspect=partial(refuse_skipped, cni=given["cni"]) if given["strict"] else None,
    )
    cluster = tuple(given["cluster"])
    if given["new_cluster"]:
        return make(cluster, load_cluster), make(tuple(given["new_cluster"]), load_cluster)
    policies, applied = tuple(given["policies"] or given["apply"]), bool(given["apply"])
    both = Together(policies, apply=applied)
    return make(cluster, both.before), make(
        cluster,
        both.after,
        policies,
        replace_policies=not applied,
        apply_policies=applied,
        timeless_policies=True,
    )


def _request(given: dict[str, Any]) -> Any:
    from flowcheck.cli.audit import request_of

    return request_of({**given, "policies": (), "keep_columns": False, "max_findings": given["max_changes"]})


def _say(context: click.Context, result: DiffResult, *, asked_to_resume: bool) -> None:
    """Warnings and the reasons of an incomplete run, on standard error, whatever the report shows."""
    from flowcheck.cli.flows.said import say_of_files

    speech, summary = messages(context), result.summary
    clusters = summary.before.cluster, summary.after.cluster
    speech.of_cluster(
        dict.fromkeys(warning for one in clusters for warning in one.warnings),
        dict.fromkeys(name for one in clusters for name in one.refused),
    )
    say_of_files(result.ledger, speech)
    removed, left = len(summary.policies.removed), summary.policies.same + len(summary.policies.changed)
    if context.params["policies"] and removed > left:
        lacks = f"{removed} of {counted(removed + left, 'policy', 'policies')} of the cluster"
        speech.warning(f"--policies lacks {lacks}, which are judged as gone; --apply keeps them")
    for reason in summary.incomplete_because:
        speech.warning(f"incomplete: {reason}")
    if asked_to_resume:
        from flowcheck.cli.flows.said import resumed

        speech.say(resumed(summary.resumed, summary.totals))
    if result.out is not None:
        speech.note(f"results are in {result.out}")
