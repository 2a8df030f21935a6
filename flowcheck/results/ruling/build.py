"""From a cluster to the record of what its rules are worth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from flowcheck.algebra.build import weigh_rules
from flowcheck.compile.frozen import frozen
from flowcheck.counted import counted
from flowcheck.engines.profiles import view_of
from flowcheck.model.cluster import Cluster
from flowcheck.model.instants import instant_of, instant_text
from flowcheck.model.options import Options
from flowcheck.model.timeline import END
from flowcheck.results.records.rules import RulesRecord
from flowcheck.results.ruling.together import Log, record_of


def weigh(
    cluster: Cluster,
    options: Options,
    as_of: datetime | Literal["current"] | None = None,
    log: Log | None = None,
) -> RulesRecord:
    """``cluster``: as it is enforced. ``as_of``: the instant of which all but traffic is told; None: the
    latest. ``log``: what an audit against it said of flows.

    **Raises**: CompileError where policies cannot be compiled."""
    instant = instant_of(as_of) if isinstance(as_of, datetime) else END - 1
    at = "" if cluster.is_static else "the latest" if instant == END - 1 else instant_text(instant)
    engine = view.sentence if (view := cluster.view) else ""
    algebra = weigh_rules(frozen(cluster, instant), options)
    return record_of(algebra, engine=engine, at=at, gaps=tuple(_gaps(cluster)), log=log)


def _gaps(cluster: Cluster) -> Iterator[str]:
    """Documents that were left out, and policies that may be in force."""
    if cluster.refused:
        yield f"{counted(len(cluster.refused), 'document')} of the cluster left out"
    yield from view_of(cluster).doubts
