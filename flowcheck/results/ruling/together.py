"""One record of all that is told of rules: the algebra's, and a log's where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from flowcheck import arrays as a
from flowcheck.algebra.build import Algebra
from flowcheck.algebra.nobody import Nobody
from flowcheck.algebra.told import RuleTold
from flowcheck.compile.rules.decisions import RuleInfo
from flowcheck.compile.rules.outcome.numbered import is_written, key_of, label_of
from flowcheck.model.policy import Action
from flowcheck.model.protocols import port_text
from flowcheck.results.records import SCHEMA
from flowcheck.results.records.rules import (
    Alike,
    Counted,
    IdleRecord,
    LetInRecord,
    RuleRecord,
    RulesRecord,
    Traffic,
    UnprotectedRecord,
)
from flowcheck.results.records.summary import Summary
from flowcheck.results.ruling.examples import Examples
from flowcheck.results.ruling.usage import Hits, LetIn, Usage
from flowcheck.version import __version__

MOST_LISTED = 10
"""Names of one thing, of which there may be thousands."""


@dataclass(frozen=True, slots=True)
class Log:
    """What an audit said of the flows."""

    usage: Usage
    summary: Summary


def record_of(
    algebra: Algebra, *, engine: str, at: str, gaps: tuple[str, ...], log: Log | None = None
) -> RulesRecord:
    """``gaps``: why the cluster is not all there. A log's own are added."""
    summary = None if log is None else log.summary
    causes = tuple(dict.fromkeys((*gaps, *(summary.incomplete_because if summary else ()))))
    kinds = [end.kind for end in algebra.axis.endpoints]
    return RulesRecord(
        schema=SCHEMA,
        version=__version__,
        engine=engine,
        at=at,
        pods=len({end.pod for end in algebra.axis.endpoints if end.kind == a.KIND_POD}),
        blocks=kinds.count(a.KIND_BLOCK),
        mesh=any(one.layer == "mesh" for one in algebra.rules),
        complete=not causes,
        incomplete_because=causes,
        rows=None if summary is None else summary.totals.rows_declared,
        since=None if summary is None else summary.first_seen,
        until=None if summary is None else summary.last_seen,
        rules=tuple(_rules(algebra, None if log is None else log.usage)),
        idle_policies=tuple(
            IdleRecord(policy=str(one), file=one.source.file, line=one.source.line)
            for one in algebra.idle
            if one.source.file
        ),
        unprotected=tuple(_unprotected(algebra, None if log is None else log.usage)),
    )


def _rules(algebra: Algebra, usage: Usage | None) -> Iterator[RuleRecord]:
    known = set()
    examples = Examples(algebra)
    for told, empty in zip(algebra.rules, algebra.nobody, strict=True):
        known.add(key_of(told.info))
        if told.written:
            hits = None if usage is None else usage.hits.get(key_of(told.info), Hits(told.info, told.layer))
            yield _record(told, empty, hits, examples)
    for key, hits in () if usage is None else usage.hits.items():
        if key not in known and is_written(hits.info):
            yield replace(_named(hits.info, hits.layer, "not_in_force"), traffic=_traffic(hits))


def _record(told: RuleTold, empty: Nobody, hits: Hits | None, examples: Examples) -> RuleRecord:
    all_empty = bool(empty.peers) and len(empty.peers) == empty.of
    nobody = "policy" if empty.subject else "peers" if all_empty else "pairs"
    return replace(
        _named(told.info, told.layer, told.worth),
        reasons=told.reasons,
        by=told.by[:MOST_LISTED],
        nobody=nobody if told.worth == "matches_nobody" else "",
        empty_peers=empty.peers,
        overrides=told.overrides[:MOST_LISTED],
        overridden_by=told.overridden_by[:MOST_LISTED],
        last_of_direction=told.alone,
        example=examples.of(told),
        traffic=None if hits is None else _traffic(hits),
    )


def _named(info: RuleInfo, layer: str, worth: str) -> RuleRecord:
    return RuleRecord(
        policy=info.policy,
        rule=label_of(info.label),
        tier=info.tier,
        layer=layer,
        action=info.action,
        file=info.source.file,
        line=info.source.line,
        worth=worth,
    )


def _traffic(hits: Hits) -> Traffic:
    return Traffic(
        state=_state(hits),
        records=hits.records,
        connections=hits.flows,
        alike_records=hits.alike,
        open_records=hits.open,
        unknown_records=hits.unknown,
        by=tuple(Alike(name=name, records=n) for name, n in hits.by.most_common(MOST_LISTED)),
    )


def _state(hits: Hits) -> str:
    if hits.info.action == Action.PASS:
        return "not_told"
    if not hits.records:
        return "perhaps_hit" if hits.unknown else "never_hit"
    if hits.layer == "mesh":
        return "hit"
    if hits.records > hits.alike + hits.open:
        return "needed"
    return "perhaps_needed" if hits.open or hits.unknown else "shadowed"


def _unprotected(algebra: Algebra, usage: Usage | None) -> Iterator[UnprotectedRecord]:
    let_in = {} if usage is None else dict(usage.let_in)
    for one in algebra.unprotected:
        flows = let_in.pop((one.workload, one.layer), LetIn())
        yield UnprotectedRecord(
            workload=one.workload,
            namespace=one.namespace,
            layer=one.layer,
            pods_isolated=one.isolated,
            pods_open=one.open,
            pods_unisolated=one.unisolated,
            named=one.named,
            flows=None if usage is None else _flows(flows),
        )
    for (workload, layer), flows in sorted(let_in.items()):
        yield UnprotectedRecord(
            workload=workload,
            namespace=workload.partition("/")[0],
            layer=layer,
            pods_isolated=0,
            pods_open=0,
            pods_unisolated=0,
            flows=_flows(flows),
        )


def _flows(one: LetIn) -> LetInRecord:
    return LetInRecord(
        records=one.records,
        connections=one.flows,
        bytes=one.bytes_,
        n_ports=len(one.ports),
        n_peers=len(one.peers),
        ports=tuple(
            Counted(name=port_text(None if port < 0 else port, protocol), connections=n)
            for (protocol, port), n in one.ports.most_common(MOST_LISTED)
        ),
        peers=tuple(Counted(name=name, connections=n) for name, n in one.peers.most_common(MOST_LISTED)),
    )
