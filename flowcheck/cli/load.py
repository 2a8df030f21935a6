"""flowcheck load: count where connections went, hold it against what each backend should get, show it."""

from __future__ import annotations

from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowcheck.cli.exits import Exit
from flowcheck.cli.words.clusters import CLUSTER, SNAPSHOT_TIME
from flowcheck.cli.words.engine import ENGINE
from flowcheck.cli.words.options import (
    CONTEXT,
    JUDGING,
    RANGES,
    SELECTION,
    SPEECH,
    TIME,
    options,
)
from flowcheck.cli.words.reports import OUT, shown_as
from flowcheck.cli.words.values import Finite, InputPath, Percent
from flowcheck.errors import RunError
from flowcheck.model.options import Thresholds

if TYPE_CHECKING:
    from flowcheck.balance.tell.result import LoadResult
    from flowcheck.model.cluster import Cluster

DEFAULTS = Thresholds()


@click.command("load", context_settings=CONTEXT)
@click.argument("flows", nargs=-1, required=True, type=InputPath())
@options(CLUSTER, SNAPSHOT_TIME, OUT, shown_as("balance"))
@click.option("--service", default="", metavar="NS/NAME", help="This Service only, in full.")
@click.option(
    "--svg",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw all Services, or the one of --service, into this file.",
)
@click.option(
    "--alpha",
    type=Finite(0, 1, min_open=True, max_open=True),
    default=DEFAULTS.alpha,
    show_default=True,
    help="How often chance alone may raise an alarm, over all Services.",
)
@click.option(
    "--min-effect",
    type=Percent(),
    default=100 * DEFAULTS.min_misplaced,
    show_default=True,
    help="Percent of the connections that are misplaced, from which a difference is worth an alarm.",
)
@click.option(
    "--min-cv",
    type=Finite(min=0),
    default=DEFAULTS.min_cv,
    show_default=True,
    help="Coefficient of variation that is worth one too.",
)
@click.option(
    "--ambiguous",
    type=click.Choice(["keep", "proportional"]),
    default="keep",
    show_default=True,
    help="What to do with connections that may be several Services': proportional divides them by the certain"
    " ones, and marks the shares as estimated.",
)
@click.option("--fail-on-skew", is_flag=True, help="End with 1 where a Service is skewed, or off its route.")
@click.option("--allow-no-policies", is_flag=True, hidden=True, help="Always so: none are needed here.")
@options(SELECTION, RANGES, TIME, JUDGING, ENGINE, SPEECH)
@click.pass_context
def command(context: click.Context, /, **given: Any) -> int:
    """Show how evenly each Service of a cluster spread the connections in recorded FLOWS over its endpoints.

    What each endpoint should have had follows from the Service, its EndpointSlices and their hints. An alarm
    needs a difference that chance does not explain and that is worth one. No policies are needed.

    \b
    flowcheck load flows/ --cluster cluster.json
    flowcheck load flows/ --cluster cluster.json --service shop/web --svg web.svg
    """
    from flowcheck.cli import audit
    from flowcheck.cli.words.output import check_file

    check_file(given["svg"])
    result = audit.judge(
        context,
        given,
        inspect=partial(_refuse_unknown, given["service"]) if given["service"] else None,
        thresholds=Thresholds(given["alpha"], given["min_effect"] / 100, given["min_cv"]),
        proportional=given["ambiguous"] == "proportional",
        purpose="load",
    )
    _write(result.load, given)
    if not result.summary.complete:
        return Exit.INCOMPLETE
    skewed = any(
        service.state == "skewed" or any(split.verdict == "off_target" for split in service.splits)
        for service in result.load.services
    )
    return Exit.VIOLATIONS if skewed and given["fail_on_skew"] else Exit.CLEAN


def _refuse_unknown(name: str, cluster: Cluster) -> None:
    """--service names a Service of the cluster, or the run stops before a flow is read."""
    known = {f"{service.namespace}/{service.name}" for service in cluster.services}
    if name and name not in known:
        near = get_close_matches(name, known, 1)
        raise RunError(
            f"the cluster has no Service {name}",
            hint=f"did you mean {near[0]}?" if near else "write its namespace and name: shop/web",
        )


def _write(load: LoadResult, given: dict[str, Any]) -> None:
    from flowcheck.cli.words.output import write_reports, write_text
    from flowcheck.reports.balance import svg as balance_svg

    if given["svg"] is not None:
        write_text(given["svg"], partial(balance_svg.render, load, service=given["service"]))
    write_reports("balance", load, given["formats"], given["color"], service=given["service"])
