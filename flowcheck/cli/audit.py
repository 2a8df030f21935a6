"""flowcheck audit: load the cluster, judge the flows, show what disagrees, and end with the right code."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from flowcheck.cli.exits import exit_code
from flowcheck.cli.flows.against import GATE, held_against
from flowcheck.cli.flows.clusters import CURRENT, policies_in, refuse_skipped
from flowcheck.cli.flows.said import say
from flowcheck.cli.flows.standard_input import with_standard_input
from flowcheck.cli.words.clusters import CLUSTER, NO_POLICIES, SNAPSHOT_TIME
from flowcheck.cli.words.engine import ENGINE, chosen, names_in
from flowcheck.cli.words.logs import asked
from flowcheck.cli.words.options import (
    CONTEXT,
    JUDGING,
    OUTCOME,
    RANGES,
    SELECTION,
    SPEECH,
    TIME,
    WHERE,
    messages,
    options,
    progress_wanted,
)
from flowcheck.cli.words.reports import OUT
from flowcheck.cli.words.values import InputPath
from flowcheck.runners.alone import is_alone
from flowcheck.runners.process import start_early

if TYPE_CHECKING:
    from flowcheck.model.cluster import Cluster
    from flowcheck.results.audit import AuditResult
    from flowcheck.runners.judges.interface import Engine
    from flowcheck.runners.request import AuditRequest


@click.command("audit", context_settings=CONTEXT)
@click.argument("flows", nargs=-1, required=True, type=InputPath())
@options(CLUSTER, NO_POLICIES, SNAPSHOT_TIME)
@options(OUT, OUTCOME, GATE, SELECTION, RANGES, TIME, WHERE, JUDGING, ENGINE, SPEECH)
@click.pass_context
def command(context: click.Context, /, **given: Any) -> int:
    """Judge recorded FLOWS against the policies of a cluster.

    FLOWS are files, folders or globs, or s3://, gs:// or abfs:// (docs/stores.md); - is standard input.

    Flows are Parquet with canonical columns, or a log that --from names or recognises.

    Violations are flows that went through though the policies deny them, and flows that a policy
    stopped though the policies allow them. What cannot be decided is unknown, with a reason.

    \b
    flowcheck audit flows/ --cluster cluster.json -o result
    flowcheck audit hubble.json.gz --cluster cluster.json --since 24h -f sarif=flows.sarif
    flowcheck audit s3://logs/flows --cluster s3://logs/cluster --since 24h -o s3://results/today
    """
    return run(context, given)


def run(context: click.Context, given: dict[str, Any]) -> int:
    """One audit from parsed options to exit code."""
    return report(judge(context, given), given)


def report(result: AuditResult, given: dict[str, Any]) -> int:
    """Show a result in the asked forms; returns the exit code."""
    from flowcheck.cli.words.output import write_reports

    write_reports("audit", result, given["formats"], given["color"])
    return exit_code(result.summary, given["fail_on"], given["exit_zero"])


def judge(
    context: click.Context,
    given: dict[str, Any],
    *,
    inspect: Callable[[Cluster], None] | None = None,
    **more: Any,
) -> AuditResult:
    """One audit from parsed options to its result, with a progress bar and a word on what was odd.

    ``inspect`` sees the cluster before a flow is read; ``more`` goes into the request.
    """
    from flowcheck.cli.flows.progress import progress_bar
    from flowcheck.cli.words.output import check_reports

    check(given)
    check_reports(given["formats"])
    choose_cache(given["no_cache"])
    on_spark = given.get("engine") == "spark"
    if is_alone() and not on_spark:
        start_early(cache=not given["no_cache"])
    from flowcheck.runners.program.source import ClusterSource

    speech = messages(context)

    if given["strict"]:
        strictly = partial(refuse_skipped, cni=given["cni"])
        inspect = _one_after_the_other(strictly, inspect)
    from flowcheck.cli.flows.results import local_results

    # Before the cluster is read: Spark sets environment variables, which a store's threads read.
    engine = {"engine": _spark()} if on_spark else {}
    source = ClusterSource(
        tuple(given["cluster"]),
        load_cluster,
        policies=policies_in(given),
        replace_policies=given["replace_policies"],
        keep_going=given["keep_going"],
        at=given["at"],
        inspect=inspect,
    )
    if not given["no_cache"]:
        source.begin()
    from flowcheck.runners.local import run_audit

    with (
        local_results(given) as (asked_for, place),
        with_standard_input(given["flows"]) as flows,
        progress_bar(progress_wanted(context, given["no_progress"]), given["color"]) as progress,
    ):
        request = replace(request_of(asked_for), **more)
        result = run_audit(flows, source, request, progress, **engine)
        result = replace(result, out=place())
    say(result, speech, asked_to_resume=given["resume"])
    return result


def _spark() -> Engine:
    from flowcheck.runners.spark.driver import engine_of
    from flowcheck.runners.spark.session import begun

    return engine_of(begun())


def load_cluster(*paths: Any, **how: Any) -> Cluster:
    """A known cluster is not read, and does not wait for what reads it."""
    from flowcheck.reading import load_cluster

    return load_cluster(*paths, **how)


def _one_after_the_other(
    first: Callable[[Cluster], None], second: Callable[[Cluster], None] | None
) -> Callable[[Cluster], None]:
    def both(cluster: Cluster) -> None:
        first(cluster)
        if second is not None:
            second(cluster)

    return both


def choose_cache(off: bool) -> None:
    """The kernels look at this when they are first imported, in this process and in its workers."""
    if off:
        os.environ["FLOWCHECK_NO_CACHE"] = "1"
    else:
        os.environ.pop("FLOWCHECK_NO_CACHE", None)


def check(given: dict[str, Any]) -> None:
    """What cannot be meant together."""
    if given["resume"] and given["out"] is None:
        raise click.UsageError("--resume needs -o, the folder of the run to go on with")
    if given.get("engine") == "spark" and (given["jobs"] or given["resume"]):
        which = "--jobs" if given["jobs"] else "--resume"
        raise click.UsageError(f"{which} is of the engine local: how many judge, and again, is up to Spark")
    check_inputs(given)


def check_inputs(given: dict[str, Any]) -> None:
    """What cannot be meant together of the options that name the cluster, and the times that are asked about,
    where a command has such."""
    if given["replace_policies"] and not policies_in(given):
        raise click.UsageError("--replace-policies needs --policies, and documents to take their place")
    if given.get("as_of") and CURRENT in given["policies"]:
        raise click.UsageError("--as-of and --policies current contradict one another")
    if given.get("since") and given["until"] and given["since"] >= given["until"]:
        raise click.UsageError("--since is not before --until: no flow can be in between")
    if given["keep_going"] and given["strict"]:
        raise click.UsageError("--keep-going and --strict contradict one another")
    if [*given["cluster"], *given["policies"], *given.get("flows", ())].count("-") > 1:
        raise click.UsageError("standard input can be read only once")


def _policies_at(given: dict[str, Any]) -> int | None:
    from flowcheck.model.instants import instant_of
    from flowcheck.model.timeline import END

    if CURRENT in given["policies"]:
        return END
    return None if given["as_of"] is None else instant_of(given["as_of"])


def request_of(given: dict[str, Any]) -> AuditRequest:
    """What parsed options ask of an audit."""
    from flowcheck.model.options import Options
    from flowcheck.runners.request import AuditRequest

    return AuditRequest(
        options=Options(
            skew=given["skew"] // timedelta(microseconds=1),
            policies_at=_policies_at(given),
            cluster_ranges=given["cluster_ranges"],
            assume_unchanged=given["assume_unchanged"] // timedelta(microseconds=1),
            mesh_identity=given["mesh_identity"],
            max_table=given["max_table"],
            alternatives=given.get("alternatives", False),
        ),
        cni=given["cni"],
        mesh=given["mesh"],
        switches=chosen(given),
        dns_map=names_in(given),
        out=given["out"],
        jobs=given["jobs"],
        since=given["since"],
        until=given["until"],
        partition_margin=given.get("partition_margin"),
        namespaces=given["namespace"],
        max_rejected_rows=given["max_rejected"].rows,
        max_rejected_percent=given["max_rejected"].percent,
        max_findings=given["max_findings"],
        min_coverage=given["min_coverage"],
        keep_columns=given["keep_columns"],
        resume=given["resume"],
        allow_no_policies=given["allow_no_policies"],
        cache=not given["no_cache"],
        asked=asked(given),
        patience=given["give_up_after"].total_seconds(),
        **held_against(given),
    )
