"""Violations: as rows, as findings, as edges, and as the summary counts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flowcheck.arrays import VIOLATION
from flowcheck.model.verdict import Observed, Verdict, Violation
from flowcheck.results.records.findings import IGNORED, KNOWN, Finding
from flowcheck.results.records.ledger import FileEntry, Ledger
from flowcheck.results.records.summary import Summary
from flowcheck.runners.verifying.differences import Differences
from flowcheck.runners.verifying.tables.said import Edges, Violating

SUMMARY, FINDINGS, ROWS = "summary.json", "findings.json", "violations.parquet"
KINDS = (Violation.FORWARDED_DENIED, Violation.DROPPED_ALLOWED)


class Amounts(NamedTuple):
    records: int = 0
    flows: int = 0
    bytes: int = 0

    def plus(self, records: int, flows: int, n_bytes: int) -> Amounts:
        return Amounts(self.records + records, self.flows + flows, self.bytes + n_bytes)


def check_findings(summary: Summary, findings: Sequence[Finding], differences: Differences) -> None:
    """``findings`` are all violations, grouped; or, where some are not listed, with what the summary says of
    those."""
    violations, found = summary.violations, _of_findings(findings)
    for kind in sorted(found.keys() - set(KINDS)):
        differences.add(FINDINGS, "kind of a finding", " or ".join(KINDS), kind)
    listed = violations.findings - violations.findings_not_listed
    differences.expect(FINDINGS, f"findings (as in {SUMMARY})", listed, len(findings))
    if violations.findings_not_listed:
        records = sum(amounts.records for amounts in found.values())
        what = f"records, added up (as in {SUMMARY})"
        differences.expect(FINDINGS, what, violations.records - violations.records_not_listed, records)
    else:
        for kind in KINDS:
            what = f"records of {kind}, added up (as in {SUMMARY})"
            differences.expect(FINDINGS, what, getattr(violations, kind), found[kind].records)
        untold = sum(finding.records for finding in findings if not finding.is_told)
        what = f"records with nothing observed, added up (as in {SUMMARY})"
        differences.expect(FINDINGS, what, violations.observed_unknown, untold)
    fingerprints = {finding.fingerprint for finding in findings}
    differences.expect(FINDINGS, "different fingerprints", len(findings), len(fingerprints))


def check_gate(summary: Summary, findings: Sequence[Finding], differences: Differences) -> None:
    """How many findings are new, known and ignored is what they are marked with."""
    gate, more = summary.gate, summary.violations
    for mark, count, records in (
        (
            "",
            gate and gate.new - more.findings_not_listed,
            gate and gate.new_records - more.records_not_listed,
        ),
        (KNOWN, gate and gate.known, gate and gate.known_records),
        (IGNORED, gate and gate.ignored, gate and gate.ignored_records),
    ):
        marked = [finding for finding in findings if finding.suppressed == mark]
        if gate is None and not mark:
            continue  # then all are, and none is counted
        what = f"that are {mark or 'new'} (as in {SUMMARY})"
        differences.expect(FINDINGS, f"findings {what}", count or 0, len(marked))
        differences.expect(FINDINGS, f"records {what}", records or 0, sum(one.records for one in marked))


def check_violating_edges(
    summary: Summary | None, findings: Sequence[Finding] | None, edges: Edges, differences: Differences
) -> None:
    """Findings are made of edges. Where nothing enforces policies, edges alone do not tell which of them are
    violations: the summary says how many records are none."""
    of_edges = _of_edges(edges)
    expected = summary.violations.expected if summary is not None else 0
    if summary is not None:
        for kind in KINDS:
            excused = expected if kind == Violation.FORWARDED_DENIED else 0
            told = getattr(summary.violations, kind) + excused
            what = f"violations.{kind} (edges.parquet added up)"
            differences.expect(SUMMARY, what, of_edges[kind].records, told)
    if (
        findings is not None
        and summary is not None
        and not (expected or summary.violations.findings_not_listed)
    ):
        of_findings = _of_findings(findings)
        for kind in KINDS:
            for field in ("flows", "bytes"):
                what = f"{field} of {kind}, added up (edges.parquet)"
                amount = getattr(of_findings[kind], field)
                differences.expect(FINDINGS, what, getattr(of_edges[kind], field), amount)


def check_rows(summary: Summary, rows: Violating, differences: Differences) -> None:
    """Every violating record is a row."""
    for kind in sorted({*KINDS, *rows.kinds}):
        told = getattr(summary.violations, kind) if kind in KINDS else 0
        what = f"rows of kind {kind or '(none)'} (as in {SUMMARY})"
        differences.expect(ROWS, what, told, rows.kinds.get(kind, 0))


def check_places(
    ledger: Ledger,
    rows: Violating | None,
    findings: Sequence[Finding] | None,
    differences: Differences,
) -> None:
    """What violates is a row of a file that was judged."""
    judged = {entry.file: entry for entry in ledger.files if entry.status == "judged"}
    for one in rows.files if rows is not None else ():
        entry = judged.get(one.file)
        if entry is None:
            differences.add(ROWS, "source_file", "a file that ledger.json says was judged", one.file)
            continue
        if one.rows > entry.rows_judged:
            what = f"rows of {one.file}"
            differences.add(ROWS, what, f"{entry.rows_judged} at most (ledger.json)", one.rows)
        last = (entry.rows_declared or 0) - 1
        if one.first < 0 or one.last > last:
            what = f"numbers of the rows of {one.file}"
            differences.add(ROWS, what, f"0 to {last}", f"{one.first} to {one.last}")
    for finding in findings or ():
        _check_example(finding, judged, differences)


def _check_example(finding: Finding, judged: Mapping[str, FileEntry], differences: Differences) -> None:
    entry = judged.get(finding.example.file)
    what = f"example of {finding.fingerprint}"
    if entry is None:
        differences.add(FINDINGS, what, "of a file that ledger.json says was judged", finding.example.file)
    elif not 0 <= finding.example.row < (entry.rows_declared or 0):
        differences.add(FINDINGS, what, f"a row of {entry.rows_declared}", finding.example.row)


def _of_findings(findings: Sequence[Finding]) -> dict[str, Amounts]:
    sums: dict[str, Amounts] = {str(kind): Amounts() for kind in KINDS}
    for one in findings:
        sums[one.kind] = sums.get(one.kind, Amounts()).plus(one.records, one.flows, one.bytes or 0)
    return sums


def _of_edges(edges: Edges) -> dict[str, Amounts]:
    sums: dict[str, Amounts] = {str(kind): Amounts() for kind in KINDS}
    verdicts, observed = tuple(Verdict), tuple(Observed)
    kinds = tuple(Violation)
    for cell in edges.cells:
        if cell.verdict in verdicts and cell.observed in observed:
            code = VIOLATION[verdicts.index(Verdict(cell.verdict)), observed.index(Observed(cell.observed))]
            kind = kinds[int(code)]
            if kind in sums:
                sums[kind] = sums[kind].plus(cell.records, cell.flows, cell.bytes)
    return sums
