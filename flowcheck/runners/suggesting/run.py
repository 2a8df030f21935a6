"""A suggestion from flows and a cluster: what was seen is counted, policies are made of it, read again, and
held against the same log and against the rest of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowcheck.flows.files.inputs import Given
from flowcheck.judging.contacts import Met
from flowcheck.model.cluster import Cluster
from flowcheck.model.instants import instant_of, instant_text
from flowcheck.model.protocols import protocol_word
from flowcheck.results.audit import AuditResult
from flowcheck.results.records import SCHEMA
from flowcheck.runners.local import run_audit
from flowcheck.runners.program.source import LoadedCluster
from flowcheck.runners.request import AuditRequest, Progress
from flowcheck.runners.suggesting.applied import (
    Write,
    language_of,
    own_tier,
    read_policies,
    with_policies,
)
from flowcheck.suggesting import telling
from flowcheck.suggesting.build import Draft, Wanted, draft
from flowcheck.suggesting.records import Denied, Held, SuggestedPolicy, Suggestion
from flowcheck.suggesting.warned import warnings
from flowcheck.version import __version__

MOST_DENIED = 10_000
"""Of what a part of the log would lose, that are listed."""
WENT_THROUGH = ("allowed", "unknown", "audit", "forwarded")
Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class SuggestRequest:
    """``audit``: how flows are judged; its policies of meshes are left out. ``train_until``: what begins from
    then on is held out."""

    audit: AuditRequest
    language: str = "kubernetes"
    wanted: Wanted = field(default_factory=Wanted)
    train_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Suggested:
    """``text``: the policies as YAML, empty where there are none; ``judged``: the audit of what was seen.
    ``print`` shows the report."""

    suggestion: Suggestion
    text: str
    judged: AuditResult

    def __repr__(self) -> str:
        """Counts only: nothing that an input wrote."""
        return repr(self.suggestion)

    def __str__(self) -> str:
        return str(self.suggestion)

    def _repr_html_(self) -> str | None:
        return self.suggestion._repr_html_()


def run_suggest(
    flows: Sequence[Given],
    cluster: Cluster,
    request: SuggestRequest,
    write: Write,
    progress: Report | None = None,
) -> Suggested:
    """``write`` makes YAML of policies.

    **Raises**: RunError, ManifestError, CompileError before anything was judged; OutputError."""
    judging = replace(request.audit, out=None, mesh="off", load=False, allow_no_policies=True, resume=False)
    language = language_of(request.language, cluster, judging)
    tier = own_tier(cluster, language, judging, write)
    until = _earlier(judging.until, request.train_until)
    training = replace(judging, until=until)
    seen = run_audit(flows, LoadedCluster(cluster), replace(training, contacts=True), progress)
    assert isinstance(seen.met, Met)
    enforced = seen.met.program.cluster or cluster
    made = draft(seen.met, enforced, tier, language, request.wanted)
    names = telling.Names(judging.dns_map)
    told = telling.told_policies(made.policies, names)
    text = write(made.policies, told, language, _head(seen, request)) if told else ""
    check = holdout = None
    if text:
        instead = request.wanted.everything
        applied = LoadedCluster(with_policies(cluster, read_policies(text), instead=instead))
        check = _held(run_audit(flows, applied, training, progress))
    if request.train_until is not None:
        rest = replace(judging, since=_later(judging.since, request.train_until))
        holdout = _held(run_audit(flows, applied if text else LoadedCluster(cluster), rest, progress))
    suggestion = _suggestion(made, told, seen, request, language.title, names, check, holdout)
    return Suggested(suggestion, text, seen)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    known = [time for time in (one, other) if time is not None]
    return min(known, key=instant_of) if known else None


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other, key=instant_of)


def _suggestion(
    made: Draft,
    told: tuple[SuggestedPolicy, ...],
    seen: AuditResult,
    request: SuggestRequest,
    kind: str,
    names: telling.Names,
    check: Held | None,
    holdout: Held | None,
) -> Suggestion:
    summary = seen.summary
    aside, by_reason = telling.set_aside(made)
    until = request.train_until
    return Suggestion(
        schema=SCHEMA,
        version=__version__,
        kind=kind,
        stands="instead" if request.wanted.everything else "beside",
        engine=summary.engine,
        trained_until=None if until is None else instant_text(instant_of(until)),
        min_connections=request.wanted.min_connections,
        records=summary.totals.rows_judged + summary.totals.rows_unknown,
        connections=summary.flows,
        first_seen=summary.first_seen,
        last_seen=summary.last_seen,
        complete=summary.complete,
        incomplete_because=summary.incomplete_because,
        policies=told,
        already_allowed=telling.already_allowed(made),
        n_already_allowed=len(made.kept),
        set_aside=aside,
        set_aside_by_reason=by_reason,
        seldom=tuple(telling.seen(need, names) for need in made.seldom),
        unseen=made.unseen,
        without_labels=made.without_labels,
        warnings=tuple(warnings(made)),
        check=check,
        holdout=holdout,
    )


def _head(seen: AuditResult, request: SuggestRequest) -> list[str]:
    summary = seen.summary
    times = f"{summary.first_seen} to {summary.last_seen}" if summary.first_seen else "no time"
    stands = (
        "Together they stand in place of all policies that there are: apply them, then take those away."
        if request.wanted.everything
        else "They stand beside the policies that there are, and say nothing that these allow already."
    )
    return [
        f"Suggested by flowcheck {__version__}: the least that allows what was seen, and nothing else.",
        f"Seen were {summary.flows:,} connections, {times}. What was not seen is denied: look first.",
        stands,
    ]


def _held(result: AuditResult) -> Held:
    """What the suggested policies say of a part of the log."""
    edges, summary = result.edges, result.summary
    went = pc.is_in(edges["observed"], pa.array(WENT_THROUGH))
    denied = edges.filter(pc.and_(went, pc.equal(edges["verdict"], "deny")))
    order = [("flow_count", "descending"), ("source", "ascending"), ("destination", "ascending")]
    listed = denied.sort_by(order).slice(0, MOST_DENIED).to_pylist()
    return Held(
        records=summary.totals.rows_judged + summary.totals.rows_unknown,
        connections=summary.flows,
        first_seen=summary.first_seen,
        last_seen=summary.last_seen,
        unknown_records=summary.verdicts.unknown,
        denied_records=int(np.sum(denied["records"].to_numpy())),
        denied_connections=int(np.sum(denied["flow_count"].to_numpy())),
        n_denied=denied.num_rows,
        denied=tuple(_denied(one) for one in listed),
        complete=summary.complete,
        incomplete_because=summary.incomplete_because,
    )


def _denied(edge: dict[str, Any]) -> Denied:
    """``edge``: a row of edges.parquet."""
    return Denied(
        source=edge["source"],
        destination=edge["destination"],
        protocol=protocol_word(edge["protocol"]),
        port=edge["port"],
        connections=edge["flow_count"],
        records=edge["records"],
        first_seen=instant_text(instant_of(edge["first_seen"])),
        last_seen=instant_text(instant_of(edge["last_seen"])),
        egress_policy=edge["egress_policy"] or "",
        ingress_policy=edge["ingress_policy"] or "",
    )
