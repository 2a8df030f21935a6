"""Read a result again and hold all that it says against the rest of it."""

from __future__ import annotations

from pathlib import Path

from flowcheck.results.records.summary import Summary
from flowcheck.results.records.verification import Verification
from flowcheck.runners.verifying.checks.ledger import check_ledger
from flowcheck.runners.verifying.checks.tables import check_hits, check_load
from flowcheck.runners.verifying.checks.totals import (
    check_edges,
    check_itself,
    check_rules,
    check_services,
    check_totals,
)
from flowcheck.runners.verifying.checks.violations import (
    check_findings,
    check_gate,
    check_places,
    check_rows,
    check_violating_edges,
)
from flowcheck.runners.verifying.differences import Differences
from flowcheck.runners.verifying.folder import OpenedResult
from flowcheck.runners.verifying.hashed import FileHashes, check_hashes
from flowcheck.runners.verifying.inputs import check_inputs
from flowcheck.runners.verifying.read import ReadResult


def verify(folder: Path, *, inputs: bool = False) -> Verification:
    """Whether a folder is still what an audit wrote; with ``inputs`` also whether these are what they were.

    **Raises**: RunError for what is no result folder, or is being written to.
    """
    differences = Differences()
    with OpenedResult(folder, differences) as opened:
        with FileHashes(opened.files) as hashes:
            read = ReadResult(opened, differences)
            if read.manifest is not None:
                check_hashes(read.manifest, opened.files, hashes, differences)
        _check(read, differences)
        again = None
        if inputs and read.ledger is not None:
            again = check_inputs(read.ledger, differences)
        return Verification(
            folder=str(folder),
            holds=not differences.found,
            differences=tuple(differences.found),
            files=len(opened.files),
            bytes=sum(file.size for file in opened.files.values()),
            rows=read.ledger.totals.rows_declared if read.ledger is not None else None,
            edges=read.edges.rows if read.edges is not None else None,
            violations=read.rows.rows if read.rows is not None else None,
            findings=len(read.findings) if read.findings is not None else None,
            inputs=again,
        )


def _check(read: ReadResult, differences: Differences) -> None:
    """Every two files that say the same, as far as both could be read."""
    if read.ledger is not None:
        check_ledger(read.ledger, differences)
        check_places(read.ledger, read.rows, read.findings, differences)
    if read.summary is not None:
        _check_summary(read.summary, read, differences)
    if read.edges is not None:
        check_violating_edges(read.summary, read.findings, read.edges, differences)
        if read.hits is not None:
            check_hits(read.hits, read.edges, differences)
    if read.services is not None and read.load is not None:
        check_load(read.services, read.load, differences)


def _check_summary(summary: Summary, read: ReadResult, differences: Differences) -> None:
    check_itself(summary, differences)
    if read.ledger is not None:
        check_totals(summary, read.ledger, differences)
    if read.edges is not None:
        check_edges(summary, read.edges, differences)
    if read.hits is not None:
        check_rules(summary, read.hits, differences)
    if read.services is not None:
        check_services(summary, read.services, differences)
    if read.findings is not None:
        check_findings(summary, read.findings, differences)
        check_gate(summary, read.findings, differences)
    if read.rows is not None:
        check_rows(summary, read.rows, differences)
