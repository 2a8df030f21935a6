"""The sentences that the reports for people share: what was left out, why it is unknown, what to do next.

Everything here is taken from the result; nothing is computed that the result does not hold.
Names come out raw: each report escapes for its own medium.
"""

from __future__ import annotations

import re

from flowcheck.results.audit import AuditResult
from flowcheck.results.records import ClusterCounts, Finding, Summary

MOST_FINDINGS = 15
LEAST_DROPPED = 5
"""Places kept for dropped_allowed findings where there are more than enough of both kinds."""

FORWARDED, DROPPED = "forwarded_denied", "dropped_allowed"

REASONS = {
    "unresolved_src": (
        "the source address belonged to no pod of the snapshot",
        "take the snapshot closer to the flows, or give one that spans them",
    ),
    "unresolved_dst": (
        "the destination address belonged to no pod of the snapshot",
        "take the snapshot closer to the flows, or give one that spans them",
    ),
    "ambiguous_src": (
        "several may be the source: they have its address, or a recorded pod cannot have it",
        "log pods' names or uids beside their own addresses, before translation",
    ),
    "ambiguous_dst": (
        "several may be the destination: they have its address, or a recorded pod cannot have it",
        "log pods' names or uids beside their own addresses, before translation",
    ),
    "unknown_initiator": (
        "the log does not say which end opened the connection",
        "log the initiator, or the TCP flags it is told by",
    ),
    "needs_l7": ("the deciding rule looks into the request", "an address log cannot settle it"),
    "needs_dns": ("the deciding rule names a domain", "an address log cannot settle it"),
    "unsupported_field": (
        "the deciding policy uses a field that flowcheck does not know",
        "see the warnings for the policy and its field",
    ),
    "ambiguous_policy": (
        "the flow began while it is open which version of a policy was in force",
        "give watch events or audit logs, which say when policies changed",
    ),
    "no_namespace": (
        "a selector asks for labels of a namespace that no input describes",
        "add the Namespace objects: kubectl get namespaces -o json",
    ),
    "no_node": (
        "a rule asks for labels of a node that no input describes",
        "add the Node objects: kubectl get nodes -o json",
    ),
    "service_backends_differ": (
        "the log has the service address, and its backends would get different verdicts",
        "log flows behind the service translation (the backend's address)",
    ),
    "no_port": (
        "the record has no destination port and the policies depend on it",
        "--icmp policy decides protocols without ports as Calico does",
    ),
}
"""Reason: what it means, and what would help."""


def split_findings(result: AuditResult) -> tuple[list[Finding], list[Finding]]:
    """All findings that went through though denied, and all that were dropped though allowed."""
    forwarded = [finding for finding in result.findings if finding.kind == FORWARDED]
    return forwarded, [finding for finding in result.findings if finding.kind != FORWARDED]


def shown_counts(n_forwarded: int, n_dropped: int) -> tuple[int, int]:
    """How many findings of each kind a report for people shows, :data:`MOST_FINDINGS` together."""
    dropped = min(n_dropped, max(LEAST_DROPPED, MOST_FINDINGS - n_forwarded))
    return min(n_forwarded, MOST_FINDINGS - dropped), dropped


def headline(summary: Summary) -> str:
    """The answer in one line."""
    violations = summary.violations
    if violations.records:
        answer = (
            f"{counted(violations.records, 'record')} in violation, {counted(violations.findings, 'finding')}"
        )
    else:
        totals = summary.totals
        answer = f"no violations among {counted(totals.rows_judged, 'judged row')}"
        left_out = totals.rows_declared - totals.rows_judged
        gaps = [counted(left_out, "row")] if left_out else []
        gaps += [counted(totals.files_failed, "file")] if totals.files_failed else []
        answer += f"; {' and '.join(gaps)} not judged" if gaps else ""
    return answer if summary.complete else f"{answer} - INCOMPLETE"


def looked_at(summary: Summary) -> list[tuple[str, str]]:
    """How much was looked at: label and sentence."""
    totals, cluster, timings = summary.totals, summary.cluster, summary.timings
    seconds = timings.load + timings.compile + timings.judge + timings.write
    lines = [
        (
            "flows",
            f"{counted(totals.rows_declared, 'row')} in {counted(totals.files_seen, 'file')} "
            f"({size(summary.bytes)} carried)",
        )
    ]
    if summary.first_seen and summary.last_seen:
        lines.append(("time", f"{moment(summary.first_seen)} to {moment(summary.last_seen)}"))
    lines += [
        (
            "cluster",
            f"{counted(cluster.pods, 'pod')} in {counted(cluster.namespaces, 'namespace')}, "
            f"{counted(cluster.policies, 'policy', 'policies')} with {counted(cluster.rules, 'rule')}",
        ),
        *_not_evaluated(cluster),
        ("coverage", f"{floored(summary.coverage)}% of the rows got a verdict"),
        *seen(summary),
        ("speed", f"{seconds:.1f} s, {round(summary.rows_per_second):,} rows/s"),
    ]
    return lines


def _not_evaluated(cluster: ClusterCounts) -> list[tuple[str, str]]:
    """The policies of other languages, which coverage does not speak of."""
    if not cluster.other_policies:
        return []
    number = counted(sum(cluster.other_policies.values()), "more policy", "more policies")
    listed = ", ".join(f"{count:,} {kind}" for kind, count in cluster.other_policies.items())
    return [("", f"{number} in languages that are not evaluated, so a verdict may be wrong: {listed}")]


ATTRIBUTED = {
    "resolved": "both ends are known",
    "inferred": "an end is likely who it seems: between snapshots, or next to a change",
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


def seen(summary: Summary) -> list[tuple[str, str]]:
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
    made = [
        (attribution.repeated_records, "report a connection once more and count once"),
        (attribution.replies_turned, "are replies, judged as their connection"),
        (sum(found.values()), f"have an initiator that was inferred ({_by(found)})"),
        (attribution.disagreements, "name another pod than has the address"),
        (attribution.sampled_records, "are samples of more traffic"),
    ]
    lines += [("", f"{counted(n, 'row')} {what}") for n, what in made if n]
    return lines


def _by(found: dict[str, int]) -> str:
    return ", ".join(f"{n:,} by {name}" for name, n in found.items())


def percent(part: int, whole: int) -> str:
    """A share that is 100 % or 0 % only where it is the whole or nothing."""
    if not whole:
        return "-"
    share = 100 * part / whole
    if 0 < part < whole:
        share = min(max(share, 0.01), 99.99)
    return f"{share:.2f}%"


def not_looked_at(result: AuditResult) -> list[str]:
    """What the answer does not speak of: unknown, rejected, failed, skipped, left out. Empty: nothing."""
    totals, cluster = result.summary.totals, result.summary.cluster
    parts = [
        (totals.rows_unknown, "row", "with an unknown verdict"),
        (totals.rows_rejected, "row", "rejected as unreadable"),
        (totals.rows_in_failed_files, "row", "in files that failed"),
        (totals.rows_filtered, "row", "outside --since, --until or --namespace"),
        (totals.files_failed, "file", "that could not be read"),
        (totals.files_skipped, "file", "skipped"),
    ]
    sentences = [f"{counted(count, noun)} {what}" for count, noun, what in parts if count]
    kinds = sorted(cluster.skipped_kinds.items())
    if kinds:
        listed = ", ".join(f"{count:,} {kind or 'without a kind'}" for kind, count in kinds)
        sentences.append(
            f"{counted(sum(count for _, count in kinds), 'document')} that took no part ({listed})"
        )
    return sentences


def unknowns(summary: Summary) -> list[tuple[int, str, str]]:
    """Count, reason and meaning, the most frequent first."""
    items = sorted(summary.verdicts.unknown_by_reason.items(), key=lambda item: (-item[1], item[0]))
    return [(count, reason, REASONS.get(reason, ("", ""))[0]) for reason, count in items if count]


def failures(result: AuditResult, most: int = 5) -> list[tuple[str, str]]:
    """Failed files, skipped files and rejected rows, by file: name and what happened."""
    lines = []
    for entry in result.ledger.files:
        if entry.status != "judged":
            lines.append((entry.file, f"{entry.status}: {entry.detail or entry.reason}"))
        for rejected in entry.rejected:
            rows = ", ".join(f"{row}" for row in rejected.first_rows[:3])
            more = ", ..." if rejected.rows > len(rejected.first_rows[:3]) else ""
            lines.append(
                (
                    entry.file,
                    f"{counted(rejected.rows, 'row')} rejected: {rejected.reason} (row {rows}{more})",
                )
            )
    if len(lines) > most:
        lines[most:] = [("", f"and {len(lines) - most:,} more in ledger.json")]
    return lines


def deciders(finding: Finding) -> list[str]:
    """The deciding policies with the place they are written at, where there is one for each."""
    if len(finding.policies) != len(finding.policy_sources):
        return [*finding.policies, *finding.policy_sources]
    pairs = zip(finding.policies, finding.policy_sources, strict=True)
    return [f"{policy} ({source})" if source else policy for policy, source in pairs]


def port(finding: Finding) -> str:
    return finding.protocol if finding.port is None else f"{finding.port}/{finding.protocol}"


def next_steps(result: AuditResult) -> list[str]:
    """What to look at next, at most three things, most pressing first."""
    summary = result.summary
    steps = []
    if result.findings:
        first = max(result.findings, key=lambda finding: finding.records)
        by = deciders(first)
        verb = "went through" if first.kind == FORWARDED else "was dropped"
        steps.append(
            f"start with {first.source} -> {first.destination} {port(first)}, which {verb} "
            f"{counted(first.records, 'time')}" + (f": read {by[0]}" if by else "")
        )
    if summary.totals.files_failed or summary.totals.rows_rejected:
        place = str(result.out / "ledger.json") if result.out else "ledger.json (-o DIR writes it)"
        steps.append(f"what could not be read is listed in {place}")
    if summary.verdicts.unknown:
        _count, reason, _meaning = unknowns(summary)[0]
        advice = REASONS.get(reason, ("", ""))[1]
        steps.append(f"most unknowns are {reason}" + (f": {advice}" if advice else ""))
    if result.findings:
        if result.out:
            steps.append(f"every violating row is in {result.out / 'violations.parquet'}")
        else:
            steps.append("-o DIR keeps every violating row, -f json shows all findings")
    elif not steps:
        steps.append("--min-coverage PCT makes a run fail when it can no longer judge enough")
    return steps[:3]


def counted(count: int, noun: str, plural: str = "") -> str:
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def floored(percent: float) -> str:
    """Two decimals, rounded down: 100.00 is said of 100 only."""
    return f"{int(percent * 100 + 1e-9) / 100:.2f}"


def size(n_bytes: int) -> str:
    for power, unit in ((50, "PiB"), (40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")):
        if n_bytes >= 1 << power:
            return f"{n_bytes / (1 << power):.1f} {unit}"
    return f"{n_bytes} B"


def moment(text: str) -> str:
    """An RFC 3339 time without its fraction of a second."""
    return re.sub(r"\.\d+", "", text).replace("+00:00", "Z")
