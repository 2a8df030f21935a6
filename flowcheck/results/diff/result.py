"""The result of one comparison, as the command and the Python API hand it on to reports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from flowcheck.outcome import Shown
from flowcheck.results.records.diff import Change, DiffSummary
from flowcheck.results.records.ledger import Ledger
from flowcheck.stores.uri import StorePath


@dataclass(frozen=True, slots=True)
class DiffResult(Shown):
    """``changes`` in the order of the report: what would be stopped first; ``out`` is where the files were
    written, if anywhere. ``print`` shows the report."""

    summary: DiffSummary
    changes: tuple[Change, ...]
    ledger: Ledger
    out: Path | StorePath | None = None

    def document(self) -> dict[str, Any]:
        """What stands in diff.json."""
        return {**msgspec.structs.asdict(self.summary), "changes": self.changes}

    def __repr__(self) -> str:
        """Counts only: nothing that an input wrote."""
        kinds = " ".join(f"{kind}={count.records}" for kind, count in self.summary.kinds.items())
        rows, complete = self.summary.totals.rows_declared, self.summary.complete
        return f"<DiffResult rows={rows} {kinds} unchanged={self.summary.unchanged.records} {complete=}>"
