"""flowcheck rules: load the cluster, weigh its rules, judge flows if there are any, and show what is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from flowcheck.cli.exits import Exit
from flowcheck.cli.flows.clusters import CURRENT, after_the_last, enforced, policies_in
from flowcheck.cli.words.clusters import CLUSTER, NO_POLICIES, SNAPSHOT_TIME
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
)
from flowcheck.cli.words.reports import shown_as
from flowcheck.cli.words.values import InputPath

if TYPE_CHECKING:
    from datetime import datetime

    from flowcheck.model.cluster import Cluster
    from flowcheck.results.records.rules import RulesRecord

OF_FLOWS = {
    *("source_format", "time_unit", "time_zone", "fields", "mapping", "received_within"),
    *("since", "until", "partition_margin", "namespace", "skew", "assume_unchanged"),
    *("jobs", "give_up_after", "max_rejected", "min_coverage", "no_cache"),
}
"""Options that say nothing where there are no flows."""


@click.command("rules", context_settings=CONTEXT)
@click.argument("flows", nargs=-1, type=InputPath())
@options(CLUSTER, NO_POLICIES, SNAPSHOT_TIME, shown_as("rules"))
@click.option(
    "--fail-on",
    type=click.Choice(["none", "rules", "unprotected", "any"]),
    default="none",
    show_default=True,
    help="What makes the exit code 1: rules that could go whatever the traffic, workloads that nothing "
    "isolates, or any of them.",
)
@options(SELECTION, RANGES, TIME, JOBS, TOLERANCE, CACHE, ENGINE, SPEECH)
@click.pass_context
def command(context: click.Context, /, **given: Any) -> int:
    """Tell which rules of a cluster's policies do nothing, and who is protected by nothing.

    Whatever the traffic: rules that could go, as others decide alike; that are never asked; that match
    nobody; rules of tiers that contradict one another; workloads that nothing isolates. With recorded FLOWS
    also rules never hit, rules hit only by flows that others decide alike, and what was allowed only as
    nothing isolates a workload.

    \b
    flowcheck rules --cluster cluster.json
    flowcheck rules flows/ --cluster cluster.json -f json=rules.json
    flowcheck rules --cluster cluster.json --fail-on rules

    Each rule is told of by itself: of two that say the same, both could go, and only one of them. It is
    advice: the exit code is 0 unless --fail-on says otherwise, and 3 where anything was left out.
    """
    from flowcheck.cli.words.output import check_reports, write_reports

    check_reports(given["formats"])
    record = _with_flows(context, given) if given["flows"] else _of_cluster(context, given)
    write_reports("rules", record, given["formats"], given["color"])
    return _exit_code(record, given["fail_on"])


def _with_flows(context: click.Context, given: dict[str, Any]) -> RulesRecord:
    from flowcheck.cli import audit
    from flowcheck.results.ruling.build import weigh
    from flowcheck.results.ruling.together import Log

    asked = {**given, **NOT_OF_RULES, "alternatives": True}
    result = audit.judge(context, asked, purpose="rules", load=False)
    usage = result.usage
    assert usage is not None
    _say_of_names(context, usage.cluster, given["as_of"])
    return weigh(usage.cluster, usage.options, given["as_of"], Log(usage, result.summary))


def _of_cluster(context: click.Context, given: dict[str, Any]) -> RulesRecord:
    from flowcheck.cli.audit import check_inputs
    from flowcheck.results.ruling.build import weigh

    check_inputs(given)
    _refuse_of_flows(context)
    judged = enforced({**given, "policies": policies_in(given)}, given["at"])
    messages(context).of_cluster(judged.cluster.warnings, judged.cluster.refused)
    if CURRENT not in given["policies"]:
        messages(context).warnings([*after_the_last(judged.cluster, given["as_of"])])
    _say_of_names(context, judged.cluster, given["as_of"])
    record = weigh(judged.cluster, judged.options, given["as_of"])
    messages(context).warnings([f"incomplete: {cause}" for cause in record.incomplete_because])
    return record


def _say_of_names(context: click.Context, cluster: Cluster, as_of: datetime | None) -> None:
    """That a DNS map is no help at the instant of which all but traffic is told."""
    from flowcheck.engines.profiles import view_of
    from flowcheck.model.instants import instant_of
    from flowcheck.model.timeline import END

    names, instant = view_of(cluster).names, END - 1 if as_of is None else instant_of(as_of)
    if names is not None and not names.possible(instant):
        messages(context).warning(f"{view_of(cluster).told_of_names(instant)}: --as-of names another")


def _refuse_of_flows(context: click.Context) -> None:
    """Nobody asks in vain; the environment and a file may say what is for other commands, too."""
    for option in context.command.params:
        name = option.name or ""
        if name in OF_FLOWS and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{max(option.opts, key=len)} is about flows, and none are given")


def _exit_code(record: RulesRecord, fail_on: str) -> Exit:
    if not record.complete:
        return Exit.INCOMPLETE
    rules = any(one.worth in ("redundant", "unreachable", "matches_nobody") for one in record.rules)
    bare = any(one.pods_unisolated for one in record.unprotected)
    found = (rules and fail_on in ("rules", "any")) or (bare and fail_on in ("unprotected", "any"))
    return Exit.VIOLATIONS if found else Exit.CLEAN
