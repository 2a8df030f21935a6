"""The sentences that the reports for people share: the answer, what was looked at, whose flows these were.

Everything here is taken from the result; nothing is computed that the result does not hold.
Names come out raw: each report escapes for its own medium.
"""

from __future__ import annotations

from flowcheck.counted import agreeing, counted, listed
from flowcheck.model.ranges import SEEN
from flowcheck.reports.audit.enforced import enforced_by
from flowcheck.reports.audit.known import sorted_out
from flowcheck.reports.audit.said import said
from flowcheck.reports.parts.units import floored, moment, percent, size
from flowcheck.results.records.summary import ClusterCounts, Summary

TIMES = ("since", "until")
"""Options that choose flows by when they began."""
MOST_RANGES = 3
"""How many ranges of one teller a report for people names."""


def headline(summary: Summary) -> str:
    """The answer in one line."""
    if summary.nothing:
        answer = summary.nothing.headline
    else:
        answer = _violations(summary) if summary.violations.records else _no_violations(summary)
        answer = "; ".join([answer, *summary.cluster.perhaps_in_force])
    return answer if summary.complete else f"{answer} - INCOMPLETE"


def _violations(summary: Summary) -> str:
    violations = summary.violations
    records, untold = counted(violations.records, "record"), violations.observed_unknown
    findings = counted(violations.findings, "finding")
    if summary.gate is not None:
        findings += f" ({sorted_out(summary.gate)})"
    it = agreeing(untold, "it", "they")
    if untold == violations.records:
        return f"{records} denied, and the log does not say whether {it} went through, {findings}"
    some = f" ({untold:,} of which the log does not say whether {it} went through)" if untold else ""
    return f"{records} in violation{some}, {findings}"


def _no_violations(summary: Summary) -> str:
    """Said together with what was not judged."""
    totals, verdicts = summary.totals, summary.verdicts
    parts = [f"no violations among {counted(verdicts.allow + verdicts.deny, 'judged row')}"]
    if summary.violations.expected:
        parts.append(f"policies are not enforced: {counted(summary.violations.expected, 'record')} denied")
    if verdicts.by_default:
        all_free = verdicts.by_default == verdicts.allow + verdicts.deny
        some = "any" if all_free else f"{verdicts.by_default:,}"
        parts.append(f"no policy selects an end of {some} of them")
    if verdicts.not_applicable:
        parts.append(f"policies do not reach {counted(verdicts.not_applicable, 'more row')}")
    if totals.rows_unknown:
        parts.append(f"{counted(totals.rows_unknown, 'row')} unknown")
    left_out = totals.rows_asked_for + totals.rows_filtered - totals.rows_judged - totals.rows_unknown
    gaps = [counted(left_out, "row")] if left_out else []
    gaps += [counted(totals.files_failed, "file")] if totals.files_failed else []
    if gaps:
        parts.append(f"{' and '.join(gaps)} not judged")
    return "; ".join(parts)


def looked_at(summary: Summary) -> list[tuple[str, str]]:
    """How much was looked at: label and sentence."""
    totals, cluster, timings = summary.totals, summary.cluster, summary.timings
    seconds = timings.load + timings.compile + timings.judge + timings.write
    speed = counted(round(summary.rows_per_second), "row")
    carried = f" ({size(summary.bytes)} carried)" if summary.bytes else ""
    flows = f"{counted(totals.rows_declared, 'row')} in {counted(totals.files_seen, 'file')}{carried}"
    lines = [("flows", flows)]
    if asked := [f"{name} {moment(summary.options[name])}" for name in TIMES if name in summary.options]:
        lines.append(("asked", f"what began {' '.join(asked)}"))
    if summary.first_seen and summary.last_seen:
        lines.append(("time", f"{moment(summary.first_seen)} to {moment(summary.last_seen)}"))
    lines += [
        (
            "cluster",
            f"{counted(cluster.pods, 'pod')} in {counted(cluster.namespaces, 'namespace')}, "
            f"{counted(cluster.policies, 'policy', 'policies')} with {counted(cluster.rules, 'rule')}",
        ),
        *enforced_by(summary),
        *_pod_ranges(cluster.pod_ranges),
        *_known_until(summary),
        *_not_evaluated(cluster),
        ("verdicts", _verdicts(summary)),
        ("coverage", _coverage(summary)),
        *_recorded(summary),
        *said(summary.recorded),
        ("speed", f"{seconds:.1f} s, of which judging {timings.judge:.1f} s: {speed}/s"),
    ]
    return lines


def _pod_ranges(ranges: dict[str, str]) -> list[tuple[str, str]]:
    """Where an address that nobody known has is a pod's all the same, and what tells so."""
    by_teller: dict[str, list[str]] = {}
    for cidr, teller in ranges.items():
        by_teller.setdefault(teller, []).append(cidr)
    shown = {teller: listed(cidrs, MOST_RANGES) for teller, cidrs in by_teller.items()}
    told = [f"{cidrs} ({teller})" for teller, cidrs in shown.items() if teller != SEEN]
    lines = [("pods in", "; ".join(told))] if told else []
    if SEEN in shown:
        seen = f"{shown[SEEN]}, guessed (--cluster-range says it surely)"
        lines.append(("" if told else "pods in", seen))
    return lines


def _known_until(summary: Summary) -> list[tuple[str, str]]:
    """The trap of one snapshot and the hours after it."""
    until, last = summary.cluster.known_until, summary.last_seen
    if until is None or last is None or moment(last) < moment(until):
        return []
    why = f"known until {moment(until)}, the last snapshot; what began later is unknown"
    advice = (
        "give a later snapshot or a watch; or say --assume-unchanged DURATION, or --policies current "
        "to judge by that snapshot"
    )
    return [("policies", why), ("", advice)]


def _not_evaluated(cluster: ClusterCounts) -> list[tuple[str, str]]:
    """The policies that no verdict rests on, which coverage does not speak of."""
    lines = []
    for language, count in cluster.left_out_policies.items():
        number = counted(count, "of these policies is", "of these policies are")
        lines.append(("", f"{number} {language}'s own and left out of every verdict"))
    if cluster.other_policies:
        number = counted(sum(cluster.other_policies.values()), "more policy", "more policies")
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in cluster.other_policies.items())
        lines.append(
            ("", f"{number} in languages that are not evaluated, so a verdict may be wrong: {kinds}")
        )
    return lines


def _verdicts(summary: Summary) -> str:
    verdicts = summary.verdicts
    free = f" ({verdicts.by_default:,} as no policy selects an end)" if verdicts.by_default else ""
    return (
        f"{verdicts.allow:,} allow{free}, {verdicts.deny:,} deny, {verdicts.unknown:,} unknown, "
        f"{verdicts.not_applicable:,} not applicable"
    )


def _coverage(summary: Summary) -> str:
    totals = summary.totals
    concerned = totals.rows_asked_for - summary.verdicts.not_applicable
    if not concerned:
        return "none: there is no row that policies reach"
    rows = f"{counted(concerned, 'row')} that policies may reach"
    return f"{floored(summary.coverage)}% of {rows} {agreeing(concerned, 'is', 'are')} allowed or denied"


ATTRIBUTED = {
    "resolved": "both ends are known",
    "inferred": "an end is likely who it seems: between snapshots, or next to a change",
    "outside": "neither end is in the cluster",
    "ambiguous": "several had the address",
    "unresolved": "nobody known had the address",
    "unknown_initiator": "which end opened the connection is not known",
}


def attributed(summary: Summary) -> list[tuple[str, ...]]:
    """How surely it is known whose flows these were: class, share of rows, of connections, of bytes, meaning.

    Classes that nothing fell into are left out, but for the first.
    """
    attribution = summary.attribution
    shares = {name: getattr(attribution, name) for name in ATTRIBUTED}
    whole = [sum(getattr(share, unit) for share in shares.values()) for unit in ("records", "flows", "bytes")]
    return [
        (
            name.replace("_", " "),
            *(
                percent(part, total)
                for part, total in zip((share.records, share.flows, share.bytes), whole, strict=True)
            ),
            ATTRIBUTED[name],
        )
        for name, share in shares.items()
        if share.records or name == "resolved"
    ]


def _recorded(summary: Summary) -> list[tuple[str, str]]:
    """From where and when there are records, and what they were made into: label and sentence."""
    attribution, nodes = summary.attribution, summary.cluster.nodes
    hours = f"records in {attribution.hours_seen:,} of {counted(attribution.hours_spanned, 'hour')}"
    observers = (
        f"{counted(attribution.observers, 'observer')} reported; the cluster has {counted(nodes, 'node')}"
        if attribution.observers
        else "the log does not say who observed"
    )
    lines = [("seen", f"{hours}; {observers}")]
    found = {name: n for name, n in attribution.initiators.items() if name not in ("record", "none")}
    inferred = f"an initiator that was inferred ({_by(found)})"
    made = [
        (
            attribution.repeated_records,
            "reports a connection once more and counts once",
            "report a connection once more and count once",
        ),
        (
            attribution.replies_turned,
            "is a reply, judged as its connection",
            "are replies, judged as their connection",
        ),
        (sum(found.values()), f"has {inferred}", f"have {inferred}"),
        (
            attribution.disagreements,
            "names another pod than has the address",
            "name another pod than has the address",
        ),
        (attribution.sampled_records, "is a sample of more traffic", "are samples of more traffic"),
        (
            attribution.tunnel_records,
            "is of a tunnel whose connections the mesh reported, and counts none",
            "are of tunnels whose connections the mesh reported, and count none",
        ),
    ]
    lines += [("", f"{counted(n, 'row')} {agreeing(n, one, many)}") for n, one, many in made if n]
    return lines


def _by(found: dict[str, int]) -> str:
    return ", ".join(f"{n:,} by {name}" for name, n in found.items())
