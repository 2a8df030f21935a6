"""The sentences that the reports of a comparison share. Names come out raw: each report escapes for its own
medium."""

from __future__ import annotations

from flowcheck.counted import agreeing, counted
from flowcheck.model.change import ChangeKind
from flowcheck.model.verdict import Verdict
from flowcheck.reports.parts.gaps import first
from flowcheck.reports.parts.ports import ports_text
from flowcheck.reports.parts.units import floored, moment
from flowcheck.reports.parts.unread import left_unread
from flowcheck.results.diff.result import DiffResult
from flowcheck.results.records.diff import Change, Decided, DiffSummary, KindCount, Side

TITLES = {
    ChangeKind.WOULD_BE_STOPPED: "Went through, would be stopped",
    ChangeKind.WOULD_GO_THROUGH: "Was stopped, would go through",
    ChangeKind.TO_UNKNOWN: "Becomes unknown",
    ChangeKind.FROM_UNKNOWN: "Was unknown",
    ChangeKind.DENIED_NOW: "Allowed so far and stopped all the same, would be denied",
    ChangeKind.ALLOWED_NOW: "Denied so far and not stopped by a policy, would be allowed",
    ChangeKind.REACH: "Goes through, by a policy only before or after",
}
OUTCOMES = {
    "allowed": "it went through",
    "audit": "it went through",
    "forwarded": "it went on to a proxy",
    "denied": "a policy stopped it",
    "dropped": "it was dropped for another cause",
    "unknown": "the log does not say what became of it",
}
MOST_CHANGES, LEAST_OF_A_KIND, MOST_NAMES = 15, 5, 5


def headline(summary: DiffSummary) -> str:
    """The answer in one line."""
    nothing = summary.before.nothing or summary.after.nothing
    if nothing:
        answer = nothing.headline
    else:
        stopped, through = (
            summary.kinds[kind] for kind in (ChangeKind.WOULD_BE_STOPPED, ChangeKind.WOULD_GO_THROUGH)
        )
        were = agreeing(through.records, "was", "were")
        went = _as_told(stopped, "went through", "may have gone through", "went through, or may have,")
        held = _as_told(
            through, f"{were} stopped", "may have been stopped", f"{were} stopped, or may have been,"
        )
        answer = (
            f"{counted(stopped.records, 'record')} that {went} would be stopped, "
            f"{counted(through.records, 'record')} that {held} would go through"
        )
        if unknown := summary.kinds[ChangeKind.TO_UNKNOWN].records:
            answer += f"; {unknown:,} {agreeing(unknown, 'becomes', 'become')} unknown"
    return answer if summary.complete else f"{answer} - INCOMPLETE"


def _as_told(count: KindCount, sure: str, unsure: str, mixed: str) -> str:
    """By whether the log says what became of all, of none or of some."""
    if not count.observed_unknown:
        return sure
    return unsure if count.observed_unknown == count.records else mixed


def gaps(summary: DiffSummary) -> list[str]:
    """What is missing of the answer."""
    return [f"incomplete: {reason}" for reason in summary.incomplete_because]


def looked_at(summary: DiffSummary) -> list[tuple[str, str]]:
    """What was compared, and how much of it: label and sentence."""
    totals, timings, policies = summary.totals, summary.timings, summary.policies
    seconds = timings.load + timings.compile + timings.judge + timings.write
    lines = [("flows", f"{counted(totals.rows_declared, 'row')} in {counted(totals.files_seen, 'file')}")]
    if summary.first_seen and summary.last_seen:
        lines.append(("time", f"{moment(summary.first_seen)} to {moment(summary.last_seen)}"))
    lines += [("before", _side(summary.before)), ("after", _side(summary.after))]
    if summary.before.engine != summary.after.engine:
        lines += [("engine", f"before: {summary.before.engine}"), ("", f"after: {summary.after.engine}")]
    lines.append(("policies", f"{policies.same:,} the same"))
    for word, names in (
        ("added", policies.added),
        ("removed", policies.removed),
        ("changed", policies.changed),
    ):
        if names:
            shown = first(names, MOST_NAMES, "-f json")
            lines.append(("", f"{len(names):,} {word}: {', '.join(shown)}"))
    lines += [("rows", text) for text in rows(summary)]
    speed = (
        f"{seconds:.1f} s, of which judging {timings.judge:.1f} s: {round(summary.rows_per_second):,} rows/s"
    )
    return [*lines, ("speed", speed)]


def rows(summary: DiffSummary) -> list[str]:
    """Every row accounted for."""
    totals, kinds = summary.totals, summary.kinds.values()
    other = f" ({summary.other_rule:,} of them by another rule)" if summary.other_rule else ""
    parts = [
        f"{summary.unchanged.records:,} with the same verdict{other}",
        f"{sum(kind.records for kind in kinds):,} with another",
    ]
    parts += [
        f"{n:,} {what}"
        for n, what in (
            (totals.rows_rejected, "rejected"),
            (totals.rows_in_failed_files, "in files that failed"),
            (totals.rows_filtered, "not asked for"),
            (totals.rows_merged, "merged with others"),
            (totals.rows_left_out, "no flows"),
        )
        if n
    ]
    unread = [f"{counted(n, noun)} {what}" for n, noun, what in left_unread(summary.pruned, totals) if n]
    return [", ".join(parts), *unread]


def _side(side: Side) -> str:
    cluster, verdicts = side.cluster, side.verdicts
    free = f" ({verdicts.by_default:,} as no policy selects an end)" if verdicts.by_default else ""
    return (
        f"{counted(cluster.policies, 'policy', 'policies')} with {counted(cluster.rules, 'rule')}: "
        f"{verdicts.allow:,} allow{free}, {verdicts.deny:,} deny, {verdicts.unknown:,} unknown, "
        f"{verdicts.not_applicable:,} not applicable; coverage {floored(side.coverage)}%"
    )


def groups(result: DiffResult) -> list[tuple[str, list[Change], int]]:
    """Title, changes, and how many of them a report for people shows, of every kind that has any."""
    members = {kind: [one for one in result.changes if one.kind == kind] for kind in TITLES}
    shown = {kind: min(len(changes), LEAST_OF_A_KIND) for kind, changes in members.items()}
    for kind, changes in members.items():
        shown[kind] += max(min(len(changes) - shown[kind], MOST_CHANGES - sum(shown.values())), 0)
    found = []
    for kind, title in TITLES.items():
        count = result.summary.kinds[kind]
        if count.records:
            sums = f"{counted(count.changes, 'change')}, {counted(count.records, 'record')}"
            found.append((f"{title} ({sums})", members[kind], shown[kind]))
    return found


def ends(change: Change) -> str:
    source, destination = (
        f"{name} (after: {after})" if after else name
        for name, after in (
            (change.source, change.source_after),
            (change.destination, change.destination_after),
        )
    )
    return f"{source} -> {destination}"


def port(change: Change) -> str:
    return ports_text(change.protocol, change.port, change.ports, change.n_ports)


def outcome(change: Change) -> str:
    """What became of it, as the log says."""
    return " or ".join(dict.fromkeys(OUTCOMES[word] for word in change.observed.split(", ")))


def decided(side: Decided) -> str:
    """A verdict and what says so."""
    if side.verdict == Verdict.UNKNOWN:
        return f"unknown ({side.reason})"
    if side.verdict == Verdict.NOT_APPLICABLE:
        return "policies do not reach it"
    places = side.policy_sources if len(side.policies) == len(side.policy_sources) else ()
    pairs = zip(side.policies, places or [""] * len(side.policies), strict=True)
    named = [f"{policy} ({place})" if place else policy for policy, place in pairs]
    if not named:
        return f"{side.verdict}, by no policy" if side.verdict == Verdict.ALLOW else side.verdict
    return f"{side.verdict} at {side.direction}: {'; '.join(named)}"


def example(change: Change) -> str:
    one = change.example
    ends = f"{one.src_ip or one.src} -> {one.dst_ip or one.dst}"
    return f"row {one.row} of {one.file}, {ends}, {moment(one.start_time)}"
