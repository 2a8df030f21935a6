"""What the reports for people say of rules: sections of rows, each a name and its sentences. Names come out
raw: each report escapes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from flowcheck.counted import agreeing, counted
from flowcheck.results.records.rules import Alike, LetInRecord, RuleRecord, RulesRecord, UnprotectedRecord

MOST_NAMED = 3
_LAYERS = {"ingress": "ingress", "egress": "egress", "mesh": "what the mesh lets in"}
_NOBODY = {
    "policy": "its policy selects no pod",
    "peers": "its peers take nobody",
    "pairs": "there are no two ends, and no port, that it is about",
}


class Section(NamedTuple):
    """``rows``: a name, and what is said of it."""

    title: str
    rows: Sequence[tuple[str, str]]


def headline(record: RulesRecord) -> str:
    gone = sum(map(_could_go, record.rules))
    bare = len({one.workload for one in record.unprotected if one.pods_unisolated})
    said = f"{gone:,} of {counted(len(record.rules), 'rule')} could go, each by itself"
    return f"{said}; {counted(bare, 'workload')} with pods that nothing isolates"


def looked_at(record: RulesRecord) -> Iterator[tuple[str, str]]:
    """What it is said of."""
    whom = f"{counted(record.pods, 'pod')} and {counted(record.blocks, 'block')} of addresses"
    yield "whatever", f"flows there may be among {whom}, at any port; of pods to come nothing is said"
    if record.at:
        yield "at", f"{record.at}; what flows did is told of their own times"
    if record.engine:
        yield "engine", record.engine
    if record.rows is not None:
        span = f", {record.since} to {record.until}" if record.since else ""
        yield "flows", f"{counted(record.rows, 'row')}{span}"


def sections(record: RulesRecord) -> Iterator[Section]:
    """Those that have rows, the gravest first."""
    return (section for section in _all(record) if section.rows)


def _all(record: RulesRecord) -> Iterator[Section]:
    idle = [(one.policy, _place(one.file, one.line)) for one in record.idle_policies]
    yield Section("Could go, whatever the traffic: others decide alike", _of(record, "redundant", _redundant))
    yield Section(
        "Never asked: another decides first wherever they match",
        _of(record, "unreachable", lambda one: f"by {_names(one.by)}"),
    )
    yield Section(
        "Match nobody of this cluster", _of(record, "matches_nobody", lambda one: _NOBODY[one.nobody])
    )
    yield Section("Cannot be told", _of(record, "unknown", lambda one: ", ".join(one.reasons)))
    yield Section("Contradict another tier", [*_contradicting(record)])
    yield Section("Peers that take nobody, beside others", [*_empty_peers(record)])
    yield Section("Policies that select no pod", idle)
    yield from _of_log(record)
    for layer, words in _LAYERS.items():
        yield Section(f"Isolated by nothing: {words}", [*_unprotected(record, layer)])


def _of(record: RulesRecord, worth: str, say: Callable[[RuleRecord], str]) -> list[tuple[str, str]]:
    return [_row(one, say(one)) for one in record.rules if one.worth == worth]


def _row(one: RuleRecord, said: str) -> tuple[str, str]:
    return one.name, f"{said}\n({_place(one.file, one.line)})"


def _place(file: str, line: int) -> str:
    return f"{file}:{line}" if line else file


def _redundant(one: RuleRecord) -> str:
    kept = "; keep its policy isolating (policyTypes)" if one.last_of_direction else ""
    return f"by {_names(one.by)}{kept}"


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (" and others" if len(names) > MOST_NAMED else "")


def _contradicting(record: RulesRecord) -> Iterator[tuple[str, str]]:
    for one in record.rules:
        if one.overrides:
            verb = {"allow": "allows", "deny": "denies"}.get(one.action, one.action)
            other = "denied" if one.action == "allow" else "allowed"
            yield _row(one, f"{verb} what would be {other} by {_names(one.overrides)}")


def _empty_peers(record: RulesRecord) -> Iterator[tuple[str, str]]:
    for one in record.rules:
        if one.empty_peers and one.worth != "matches_nobody":
            named = _names([str(place + 1) for place in one.empty_peers])
            yield _row(one, f"{agreeing(len(one.empty_peers), 'peer', 'peers')} {named}, counted from 1")


def _of_log(record: RulesRecord) -> Iterator[Section]:
    def of(*states: str) -> list[tuple[str, str]]:
        return [_row(one, _seen(one)) for one in record.rules if one.traffic and one.traffic.state in states]

    yield Section("Hit only by flows that others decide alike", of("shadowed"))
    yield Section("Perhaps hit only by such", of("perhaps_needed"))
    yield Section("Perhaps hit: only flows with an unknown verdict may be theirs", of("perhaps_hit"))
    yield Section("Never hit in these flows", of("never_hit"))


def _seen(one: RuleRecord) -> str:
    assert one.traffic is not None
    seen = one.traffic
    told = [f"{counted(seen.records, 'record')}"] if seen.records else []
    told += [f"alike by {_who(seen.by)}"] if seen.by else []
    told += [f"of {seen.open_records:,} it is open"] if seen.open_records else []
    told += [f"{seen.unknown_records:,} unknown may be its"] if seen.unknown_records else []
    told += [f"whatever the traffic: {one.worth.replace('_', ' ')}"]
    return "; ".join(told)


def _who(by: Sequence[Alike]) -> str:
    return _names([one.name for one in by])


def _unprotected(record: RulesRecord, layer: str) -> Iterator[tuple[str, str]]:
    for one in record.unprotected:
        if one.layer == layer:
            said = [_pods(one)]
            said += ["rules of policies that do not isolate are about it"] if one.named else []
            said += [_let_in(one.flows)] if one.flows is not None else []
            yield one.workload, "; ".join(said)


def _pods(one: UnprotectedRecord) -> str:
    if not one.pods_unisolated + one.pods_open:
        return "at another time"
    pods = counted(one.pods_isolated + one.pods_open + one.pods_unisolated, "pod")
    parts = [f"{one.pods_unisolated:,} of {pods}"]
    return "; ".join([*parts, *([f"of {one.pods_open} it is open"] if one.pods_open else [])])


def _let_in(flows: LetInRecord) -> str:
    if not flows.records:
        return "no flow was allowed only by that"
    more = flows.n_ports - MOST_NAMED
    ports = ", ".join(one.name for one in flows.ports[:MOST_NAMED]) + (
        f" and {more:,} more" if more > 0 else ""
    )
    whom = f"{counted(flows.connections, 'connection')} with {counted(flows.n_peers, 'peer')}"
    return f"{whom} at {ports} were allowed only by that"


def _could_go(one: RuleRecord) -> bool:
    return one.worth in ("redundant", "unreachable", "matches_nobody")
