"""The result of one audit, as the command and the Python API hand it on to reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from flowcheck.balance.tell.result import LoadResult
from flowcheck.balance.tell.tables import services_table
from flowcheck.errors import RunError
from flowcheck.judging.contacts import Met
from flowcheck.outcome import Shown
from flowcheck.results.again import Again
from flowcheck.results.finding.times import ViolationTimes
from flowcheck.results.records.findings import Findings
from flowcheck.results.records.ledger import Ledger
from flowcheck.results.records.summary import Summary
from flowcheck.results.ruling.usage import Usage
from flowcheck.results.talks import Talks, talks_of
from flowcheck.stores.uri import StorePath


class EdgesInWords(Protocol):
    """As :class:`~flowcheck.results.edge_rows.EdgeRows` has them: all at once, or some at a time."""

    def table(self) -> pa.Table: ...

    def batches(self) -> Iterator[pa.RecordBatch]: ...


@dataclass(frozen=True, slots=True)
class AuditResult(Shown):
    """``edges`` and ``policy_hits`` have the schemas of the files of those names, the former made of
    ``edge_rows`` whenever it is asked for; ``findings`` are in
    the order of the report: breaches first; ``out`` is where the files were written, if anywhere; ``load`` is
    how evenly Services carried their load, ``again`` how to ask for an explanation, ``times`` when violations
    began; where that was the purpose, ``usage`` is what the flows say of rules, ``met`` who was in contact.
    ``findings`` and ``load`` have ``to_arrow()`` and ``to_pandas()``; ``edges`` and ``policy_hits`` are
    pyarrow tables, which have ``to_pandas()`` too. ``print`` shows the report."""

    summary: Summary
    findings: Findings
    edge_rows: EdgesInWords
    policy_hits: pa.Table
    ledger: Ledger
    out: Path | StorePath | None = None
    load: LoadResult = field(default_factory=LoadResult)
    again: Again | None = field(default_factory=Again)
    times: ViolationTimes = field(default_factory=ViolationTimes)
    usage: Usage | None = None
    met: Met | None = None

    def __repr__(self) -> str:
        """Counts only: nothing that an input wrote."""
        summary = self.summary
        totals, verdicts = summary.totals, summary.verdicts
        return (
            f"<AuditResult rows={totals.rows_declared} allow={verdicts.allow} deny={verdicts.deny} "
            f"unknown={verdicts.unknown} not_applicable={verdicts.not_applicable} "
            f"rejected={totals.rows_rejected} violations={summary.violations.records} "
            f"findings={len(self.findings)} complete={summary.complete}>"
        )

    @property
    def edges(self) -> pa.Table:
        """One row for each edge, as in edges.parquet."""
        return self.edge_rows.table()

    @property
    def services(self) -> pa.Table:
        """One row for each Service port, as in services.parquet."""
        return services_table(self.load.services)

    def talks(self, most: int) -> Talks:
        """Who talked to whom, and what policies and log say of it; at most so many pairs of workloads."""
        return talks_of(self.edges, most)

    def violations(self) -> pa.Table:
        """Every violating row, read from ``out``.

        **Raises**: RunError where nothing was written.
        """
        if self.out is None:
            hint = (
                "give audit an output folder, out=DIR; or evaluate the flows, and keep rows by their verdict"
            )
            raise RunError("the violating rows were not kept", hint=hint)
        if isinstance(self.out, StorePath):
            raise RunError("the violating rows are in a store", where=str(self.out), hint="read them there")
        return pq.read_table(self.out / "violations.parquet")
