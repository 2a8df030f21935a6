"""flowcheck demo: write the sample cluster and its flows, audit them, and show the report."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowcheck.cli import audit
from flowcheck.cli.words.engine import NOTHING_CHOSEN
from flowcheck.cli.words.logs import SAID_OF_NO_LOG
from flowcheck.cli.words.options import CONTEXT, OUTCOME, SPEECH, messages, options
from flowcheck.cli.words.values import Tolerance
from flowcheck.errors import RunError
from flowcheck.flows.known import AUTO, CANONICAL
from flowcheck.keywords import GIVE_UP_AFTER, MOST_FINDINGS

if TYPE_CHECKING:
    from collections import Counter

    from flowcheck.results.records.summary import Summary


@click.command("demo", context_settings=CONTEXT)
@click.argument("directory", required=False, type=click.Path(file_okay=False, path_type=Path))
@options(OUTCOME, SPEECH)
@click.option(
    "--sample",
    type=click.Choice(["kubernetes", "cilium", "mesh"]),
    default="kubernetes",
    show_default=True,
    help="NetworkPolicies and a day in Parquet; Cilium's policies and an hour of Hubble's log; or Istio's "
    "and an hour of its proxies' logs and Hubble's.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Worker processes.  [default: all cores]")
@click.pass_context
def command(context: click.Context, /, **given: Any) -> int:
    """Write a small sample cluster and its flows into DIRECTORY, audit it, show the report.

    Ends with 1: the sample holds violations. Without DIRECTORY a temporary one is used and removed.

    \b
    flowcheck demo
    flowcheck demo --sample mesh sample
    """
    from flowcheck.temporary import temporary_folder

    directory, sample = given.pop("directory"), given.pop("sample")
    if directory is not None:
        return _run(context, sample, directory, given, out=directory / "out")
    with temporary_folder() as temporary:
        return _run(context, sample, temporary, given, out=None)


def _run(
    context: click.Context, sample: str, directory: Path, given: dict[str, Any], out: Path | None
) -> int:
    from flowcheck.demo import SAMPLES
    from flowcheck.kernels.cached.folder import is_cold
    from flowcheck.model.options import Options
    from flowcheck.results.relative import named_from
    from flowcheck.writing import output_errors

    chosen = SAMPLES[sample]
    with output_errors(directory):
        directory.mkdir(parents=True, exist_ok=True)
        chosen.write(directory)
    defaults = Options()
    if out is not None:
        messages(context).note(f"the sample is in {directory}")
    given = {
        **given,
        "flows": (str(directory / chosen.flows),),
        "cluster": (str(directory / "cluster"),),
        "policies": (),
        "replace_policies": False,
        "keep_going": False,
        "at": None,
        "strict": False,
        "allow_no_policies": False,
        "out": out,
        "since": None,
        "until": None,
        "namespace": (),
        "resume": False,
        "max_rejected": Tolerance(),
        "max_findings": MOST_FINDINGS,
        "min_coverage": None,
        "give_up_after": GIVE_UP_AFTER,
        "keep_columns": False,
        "no_cache": False,
        **NOTHING_CHOSEN,
        "dns_map": directory / chosen.dns_map if chosen.dns_map else None,
        "skew": timedelta(microseconds=defaults.skew),
        "as_of": None,
        "assume_unchanged": timedelta(),
        "cluster_ranges": (),
        **SAID_OF_NO_LOG,
        "source_format": AUTO if chosen.is_log else CANONICAL,
    }
    if is_cold():
        messages(context).say("compiling the kernels, as for the first time: that takes some ten seconds")
    result = audit.judge(context, given)
    code = audit.report(result if out else named_from(result, directory), given)
    messages(context).say(compare_with_planted(result.summary, chosen.planted()))
    if out is None:
        messages(context).say("the sample is gone: flowcheck demo DIR keeps it, and DIR/out the results")
    return code


def compare_with_planted(summary: Summary, planted: Counter[str]) -> str:
    """Hold what was found against what the sample's makers planted.

    **Raises**: RunError when they differ: this installation of flowcheck cannot be trusted.
    """
    pairs = {
        "forwarded though denied": (planted["forwarded_denied"], summary.violations.forwarded_denied),
        "dropped though allowed": (planted["dropped_allowed"], summary.violations.dropped_allowed),
        "unknown": (planted["unknown"], summary.verdicts.unknown),
    }
    wrong = [f"{name}: {n:,} planted, {found:,} found" for name, (n, found) in pairs.items() if n != found]
    if wrong:
        raise RunError(
            f"the audit of the sample is wrong: {'; '.join(wrong)}",
            hint="reinstall, then run flowcheck doctor",
        )
    return "planted and found alike: " + ", ".join(f"{n:,} {name}" for name, (n, _) in pairs.items())
