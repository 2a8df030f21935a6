"""The sentences that the reports for people share about what an audit's answer does not speak of.

Everything here is taken from the result. Names come out raw: each report escapes for its own medium.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from flowcheck.counted import counted
from flowcheck.reports.parts.gaps import first, left_out, not_in_force
from flowcheck.reports.parts.units import percent
from flowcheck.reports.parts.unread import left_unread
from flowcheck.results.audit import AuditResult
from flowcheck.results.ruling.hits import is_never_hit, is_perhaps_hit

MOST_FILES, MOST_RULES = 5, 5
"""How many a report for people names before it says how many more there are."""


def not_looked_at(result: AuditResult) -> list[str]:
    """What the answer does not speak of: unknown, rejected, failed, skipped, left out."""
    return [*_counts(result), *_failures(result)]


def _counts(result: AuditResult) -> list[str]:
    """Rows, files and documents by why they are not part of the answer."""
    summary = result.summary
    totals, cluster = summary.totals, summary.cluster
    parts = [
        (
            summary.verdicts.not_applicable,
            "row",
            "that policies do not reach (neither end is a pod with its own address)",
        ),
        (totals.rows_unknown, "row", "with an unknown verdict: read, and not decided"),
        (totals.rows_rejected, "row", "rejected as unreadable"),
        (totals.rows_in_failed_files, "row", "in files that failed"),
        (totals.rows_filtered, "row", "outside --since, --until or --namespace"),
        (totals.rows_merged, "record", "of connections that other records stand for"),
        (totals.rows_left_out, "record", f"that tell of no flow{_why_left_out(result)}"),
        *left_unread(summary.pruned, totals),
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
    if not sentences and not summary.nothing:
        return ["nothing: every row of every file is allowed or denied"]
    return sentences


def _why_left_out(result: AuditResult) -> str:
    counts: Counter[str] = Counter()
    for entry in result.ledger.files:
        counts.update({one.reason: one.rows for one in entry.left_out})
    listed = ", ".join(f"{n:,} {reason}" for reason, n in counts.most_common(5))
    return f" ({listed}{', ...' if len(counts) > 5 else ''})" if counts else ""


def _failures(result: AuditResult) -> list[str]:
    """Failed files, skipped files and rejected rows, by file, with what happened; documents left out."""
    lines = []
    for entry in result.ledger.files:
        if entry.status != "judged":
            lines.append(f"{entry.file}: {entry.status}: {entry.detail or entry.reason}")
        for rejected in entry.rejected:
            rows = ", ".join(f"{row}" for row in rejected.first_rows[:3])
            more = ", ..." if rejected.rows > len(rejected.first_rows[:3]) else ""
            what = f"{counted(rejected.rows, 'row')} rejected: {rejected.reason}"
            lines.append(f"{entry.file}: {what} (row {rows}{more})")
    return [
        *first(lines, MOST_FILES, place(result, "ledger.json")),
        *left_out(result.summary.cluster.refused),
        *not_in_force(result.summary.cluster.refused_by_engine),
    ]


def unused_rules(result: AuditResult) -> list[str]:
    """How many rules decided no flow, and the first of them; apart, those that unknown rows may have hit;
    nothing where no flow was judged at all."""
    summary = result.summary
    if not (summary.unused_rules or summary.open_rules) or summary.nothing:
        return []
    share = percent(summary.unused_rules, summary.cluster.rules)
    rules = counted(summary.cluster.rules, "rule")
    table = result.policy_hits.to_pylist()
    unused = [_rule(row) for row in table if is_never_hit(row)]
    open_ones = [
        f"{_rule(row)}: may have been hit by {counted(row['unknown_records'], 'unknown row')}"
        for row in sorted(filter(is_perhaps_hit, table), key=lambda row: row["unknown_records"])
    ]
    everywhere = place(result, "policy_hits.parquet")
    lines = [f"{summary.unused_rules:,} of {rules} ({share}) decided no flow"]
    lines += first(unused, MOST_RULES, everywhere)
    if summary.open_rules:
        lines.append(
            f"{summary.open_rules:,} more decided none for sure, and perhaps some of the unknown rows"
        )
        lines += first(open_ones, MOST_RULES, everywhere)
    return lines


def _rule(row: Mapping[str, Any]) -> str:
    return f"{row['policy']}[{row['rule']}] ({row['file']}:{row['line']})"


def place(result: AuditResult, file: str) -> str:
    """Where a file of the results stands, or how to have it."""
    return str(result.out / file) if result.out else f"{file} (audit -o DIR writes it)"
